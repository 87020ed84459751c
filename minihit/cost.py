"""What a network costs, part by part, from its shapes alone: parameters, multiply-adds, memory for backward.

Multiply-adds are those of all matrix products and convolutions, by their definition, in the forward pass of one image;
normalisation, GELU, blurring and sums are left out.
Activations are the bytes per image that a forward pass keeps for backward: float32 values, one byte for each mask of
a leaky ReLU, without parameters and without what batch norm keeps once per batch.
"""

import math
from dataclasses import dataclass

from minihit import objectives, tree
from minihit.layers.mlp import EXPANSION
from minihit.models import discriminator, first_values, hit
from minihit.ops.minibatch_stddev import GROUP

_FLOAT = 4                                                                # bytes
PASSES = 4                                                                # of D: forward, gradients, tangent, augmented


@dataclass(frozen=True)
class Row:
    """The cost of one part of a network."""

    part: str
    side: int | None                         # height and width of its map; None where there is no map
    channels: int
    parameters: int
    multiply_adds: int                       # forward, per image
    activations: int                         # bytes per image
    heads: int | None = None
    window: tuple[int, int] | None = None
    attention: tuple[str, ...] = ()          # axes of self-attention
    blocks: int | None = None                # besides the cross-attention block


def generator_rows(config):
    """A Row for the first map, one for the latent tokens, one for each stage."""
    params = hit.init(None, config)
    rows = _stem_rows(params, config)
    for plan, stage in zip(config.stages, params["stages"], strict=True):
        rows.append(_row(f"stage {plan.index}", plan.side, plan.channels, stage, _stage_products(stage, plan, config),
                         _stage_values(plan, config, "widen" in stage), heads=plan.heads, window=plan.window,
                         attention=plan.axes if plan.window else (), blocks=plan.layers))
    return rows


def discriminator_rows(config):
    """A Row for the first convolution, one for each residual block, one for the head."""
    params, side, c = discriminator.init(None, config), config.size, config.channels
    rows = [_row("stem", side, c[0], params["stem"], side**2 * _products(params["stem"]), 3 * side**2, side**2 * c[0])]
    for index, block in enumerate(params["blocks"]):
        wide, small = side**2, side**2 // 4                               # pixels before and after halving
        products = wide * _products(block["conv1"]) + small * _products([block["conv2"], block["skip"]])
        values, masks = (wide + 2 * small) * c[index], wide * c[index] + small * c[index + 1]
        rows.append(_row(f"block {index}", side, c[index], block, products, values, masks))
        side //= 2
    head = {name: params[name] for name in ("conv", "dense", "logit")}
    products = 16 * _products(head["conv"]) + _products([head["dense"], head["logit"]])
    values = 16 * c[-1] + 17 * c[-1]                                      # inputs of the convolution and of two linears
    if config.minibatch_stddev:
        values += 16 + 16 * c[-1] * (GROUP + 1) // GROUP                  # its channel; centred values, a group's std
    return [*rows, _row("head", side, c[-1], head, products, values, 17 * c[-1])]


def quantizer_rows(config, side):
    """A Row for the comparison of all positions with all codes."""
    values = side**2 * config.width                                       # of all positions
    return [Row("codebook", side, config.width, config.codes * config.width, config.codes * values, 3 * _FLOAT * values)]


def total(parts, part="total"):
    """The sum of Rows."""
    parameters, products, kept = (sum(getattr(row, name) for row in parts)
                                  for name in ("parameters", "multiply_adds", "activations"))
    return Row(part, None, 0, parameters, products, kept)


def rows(preset):
    """{network: its Rows}."""
    return {name: _rows(config, preset) for name, config in preset.networks.items()}


def _rows(config, preset):
    return quantizer_rows(config, preset.encoder.side) if config.kind == "quantizer" else ROWS[config.kind](config)


def training_memory(preset):
    """{what: bytes} of all that a run keeps between steps."""
    networks = {name: first_values(None, config) for name, config in preset.networks.items()}
    trained = sum(tree.size(network["params"]) for network in networks.values())
    averages = sum(tree.size(network["averages"]) for network in networks.values())
    averaged = sum(tree.size(networks[name]) for name in objectives.of(preset).AVERAGED if name in networks)
    sizes = {"parameters": trained, "running averages": averages, "EMA": averaged, "Adam": 2 * trained}
    return {what: _FLOAT * size for what, size in sizes.items()}


def step_memory(preset, plan):
    """Bytes that a step takes at its peak besides training_memory, its batch cut as plan (training/parts.py) says.

    An image takes what each network keeps, the discriminator PASSES times. Each part that is being computed has one and
    a half sets of gradients, and so many sums of sets wait as the tree of sums has levels.
    """
    totals = {name: total(parts) for name, parts in rows(preset).items()}
    per_image = sum(row.activations * (PASSES if name == "discriminator" else 1) for name, row in totals.items())
    gradients = _FLOAT * sum(row.parameters for row in totals.values())
    side_by_side = plan.groups[:plan.at_once]
    images = side_by_side[-1][-1].stop - side_by_side[0][0].start
    sets = 1.5 * sum(map(len, side_by_side)) + 1 + len(plan.groups).bit_length() - 1
    return images * per_image + sets * gradients


def _row(part, side, channels, params, products, values, masks=0, **others):
    return Row(part, side, channels, tree.size(params), products, _FLOAT * values + masks, **others)


def _stem_rows(params, config):
    """The weights serve every position of a grid, which is kept once more where it is averaged for the tokens."""
    c, tokens, positions = config.channels[0], config.tokens, config.start**2
    of_map, of_tokens, averaged = (positions, tokens, tokens < positions) if config.spatial else (1, 1, False)
    rows = [_row("first map", config.start, c, params["start"], of_map * _products(params["start"]),
                 math.prod(config.z_shape))]
    if config.cross_attention:
        kept = tokens * (2 * c + _per_place(config) + config.latent * averaged)
        rows.append(_row("tokens", None, c, params["tokens"], of_tokens * _products(params["tokens"]), kept))
    return rows


def _products(params):
    """Multiply-adds of all linear maps and convolutions of a tree at one place."""
    return sum(leaf.size for path, leaf in tree.items(params) if path.endswith("weight"))


def _stage_products(params, plan, config):
    pixels, products = plan.side**2, 0
    for path, leaf in tree.items(params):
        if path.endswith("weight"):
            of_tokens = path in ("cross_attention/key/weight", "cross_attention/value/weight")
            products += leaf.size * (config.tokens if of_tokens else 4 * pixels if path == "widen/weight" else pixels)
    scores = plan.layers * _self_scores(plan) + _cross_scores(plan, config)
    return products + 2 * scores * (plan.channels // plan.heads)          # a score and a weighted sum take D each


def _stage_values(plan, config, widens):
    n, c = plan.side**2, plan.channels
    normed = n * (c + _per_place(config)) + n * c                         # centered and the output
    pointwise = normed + EXPANSION * n * c                                # GELU's input
    attention = normed + 2 * n * c                                        # query and what all heads found
    key_value = 2 * (c // plan.heads) * (1 if config.multi_query else plan.heads)
    values = plan.layers * pointwise + n * c * widens + normed * plan.rgb
    if config.cross_attention:
        values += attention + key_value * config.tokens + _cross_scores(plan, config) + pointwise
    if plan.window:
        values += plan.layers * (attention + key_value * n + _self_scores(plan))
    return values


def _cross_scores(plan, config):
    """Pairs of query and key that cross-attention compares, over all heads."""
    return plan.side**2 * plan.heads * config.tokens if config.cross_attention else 0


def _self_scores(plan):
    """Pairs of query and key that self-attention of one block compares, over all heads."""
    if not plan.window:
        return 0
    pixels, inside = plan.side**2, plan.window[0] * plan.window[1]
    keys = {"block": inside, "grid": pixels // inside}
    return pixels * (plan.heads // len(plan.axes)) * sum(keys[axis] for axis in plan.axes)


def _per_place(config):
    """Layer norm keeps one scale per place; what batch norm keeps does not grow with the image."""
    return config.norm == "layer"


ROWS = {"hit": generator_rows, "discriminator": discriminator_rows, "encoder": encoder_rows,
        "convolutional_decoder": convolutional_decoder_rows}
