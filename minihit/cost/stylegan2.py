"""What StyleGAN2's generator costs: see minihit/cost.

A convolution that doubles the sides is that of the map with zeros between its pixels, which have no products.
"""

from minihit.cost.row import products_of, row
from minihit.models import stylegan2


def stylegan2_rows(config):
    """A Row for the mapping, one for the first map, one for each resolution."""
    params, width = stylegan2.init(None, config), config.width
    kept = config.latent + 1 + config.mapping * width                     # inputs of all layers, z's divisor, w
    rows = [row("mapping", None, width, params["mapping"], products_of(params["mapping"]), kept,
                config.mapping * width),
            row("first map", 4, config.channels[0], params["constant"], 0, 0)]
    for side, c, block in zip(config.sides, config.channels, params["blocks"], strict=True):
        parts = [_of_convolution(block[name], side, side // 2 if name == "conv0" else side)
                 for name in ("conv0", "conv1") if name in block]
        products, values, masks = (sum(part) for part in zip(*parts, (_of_colours(block["to_rgb"], side)), strict=True))
        rows.append(row(f"side {side}", side, c, block, products, values, masks))
    return rows


def _of_convolution(params, side, side_before):
    """Products, values and masks: style, demodulation, map before it and after all, noise."""
    _, _, before, after = params["conv"]["weight"].shape
    products = products_of(params["style"]) + before * after + side_before**2 * products_of(params["conv"])
    return products, before + after + (2 * after + 1) * side**2, after * side**2


def _of_colours(params, side):
    """As above: a style is all that is kept, as the map itself is the next convolution's."""
    return products_of(params["style"]) + side**2 * products_of(params["conv"]), params["conv"]["weight"].shape[2], 0
