"""What the discriminator costs: see minihit/cost."""

from minihit.cost.row import products_of, row
from minihit.models import discriminator
from minihit.ops.minibatch_stddev import GROUP


def discriminator_rows(config):
    """A Row for the first convolution, one for each residual block, one for the head."""
    params, side, c = discriminator.init(None, config), config.size, config.channels
    rows = [row("stem", side, c[0], params["stem"], side**2 * products_of(params["stem"]), 3 * side**2, side**2 * c[0])]
    for index, block in enumerate(params["blocks"]):
        wide, small = side**2, side**2 // 4                               # pixels before and after halving
        products = wide * products_of(block["conv1"]) + small * products_of([block["conv2"], block["skip"]])
        values, masks = (wide + 2 * small) * c[index], wide * c[index] + small * c[index + 1]
        rows.append(row(f"block {index}", side, c[index], block, products, values, masks))
        side //= 2
    head = {name: params[name] for name in ("conv", "dense", "logit")}
    products = 16 * products_of(head["conv"]) + products_of([head["dense"], head["logit"]])
    values = 16 * c[-1] + 17 * c[-1]                                      # inputs of the convolution and of two linears
    if config.minibatch_stddev:
        values += 16 + 16 * c[-1] * (GROUP + 1) // GROUP                  # its channel; centred values, a group's std
    return [*rows, row("head", side, c[-1], head, products, values, 17 * c[-1])]
