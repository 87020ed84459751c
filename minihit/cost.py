"""What a network costs, part by part, from its shapes alone: parameters, multiply-adds, memory for backward.

Multiply-adds are those of all matrix products and convolutions, by their definition, in the forward pass of one image;
normalisation, GELU, blurring and sums are left out.
Activations are the bytes per image that a forward pass keeps for backward: float32 values, one byte for each mask of
a leaky ReLU, without parameters and without what batch norm keeps once per batch.
"""

from dataclasses import dataclass
from itertools import pairwise

from minihit import objectives, tree
from minihit.layers.mlp import EXPANSION
from minihit.models import discriminator, first_values, hit
from minihit.models.autoencoder import decoder, encoder
from minihit.models.autoencoder.config import hidden
from minihit.models.hit.config import START
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
    params, c = hit.init(None, config), config.channels[0]
    rows = [_row("first map", START, c, params["start"], _products(params["start"]), config.latent)]
    if config.cross_attention:
        kept = config.tokens * (2 * c + _per_place(config))
        rows.append(_row("tokens", None, c, params["tokens"], _products(params["tokens"]), kept))
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


def encoder_rows(config):
    """A Row for each halving of the sides, one for the stack on the smallest map, one for the linear layer."""
    params, side, rows = encoder.init(None, config), config.size, []
    for index, (layer, (c, after)) in enumerate(zip(params["down"], pairwise((3, *config.channels)), strict=True)):
        wide, small, side = side**2, side**2 // 4, side // 2              # pixels before and after halving
        rows.append(_row(f"down {index}", side, after, layer, small * _products(layer), wide * c, small * after))
    rows.append(_stack_row(params["stack"], side, after, config.blocks))
    products = _places(config, side) * _products(params["out"])
    return [*rows, _row("out", side if config.spatial else None, config.out, params["out"], products, side**2 * after)]


def convolutional_decoder_rows(config):
    """A Row for the linear layer, one for the stack on the smallest map, one for each doubling of the sides."""
    params, side, c = decoder.init(None, config), config.start, config.channels
    places = _places(config, side)
    rows = [_row("first map", side, c[0], params["start"], places * _products(params["start"]), places * config.latent),
            _stack_row(params["stack"], side, c[0], config.blocks)]
    for index, (layer, (before, after)) in enumerate(zip(params["up"], pairwise(c), strict=True)):
        small, wide, side = side**2, 4 * side**2, 2 * side                # pixels before and after doubling
        rows.append(_row(f"up {index}", side, after, layer, small * _products(layer), small * before, wide * after))
    last = params["to_rgb"]
    return [*rows, _row("to rgb", 2 * side, 3, last, side**2 * _products(last), side**2 * c[-1])]


def total(rows, part="total"):
    """The sum of rows."""
    parameters, products, kept = (sum(getattr(row, name) for row in rows)
                                  for name in ("parameters", "multiply_adds", "activations"))
    return Row(part, None, 0, parameters, products, kept)


def training_memory(preset):
    """{what: bytes} of all that a run keeps between steps."""
    networks = {name: first_values(None, config) for name, config in preset.networks.items()}
    trained = sum(tree.size(network["params"]) for network in networks.values())
    averages = sum(tree.size(network["averages"]) for network in networks.values())
    averaged = sum(tree.size(networks[name]) for name in objectives.of(preset).AVERAGED)
    sizes = {"parameters": trained, "running averages": averages, "EMA": averaged, "Adam": 2 * trained}
    return {what: _FLOAT * size for what, size in sizes.items()}


def step_memory(preset, plan):
    """Bytes that a step takes at its peak besides training_memory, its batch cut as plan (training/parts.py) says.

    An image takes what the generator keeps and PASSES times what the discriminator keeps. Each part that is being
    computed has one and a half sets of gradients, and so many sums of sets wait as the tree of sums has levels.
    """
    generator, discriminator = total(generator_rows(preset.generator)), total(discriminator_rows(preset.discriminator))
    per_image = generator.activations + PASSES * discriminator.activations
    gradients = _FLOAT * (generator.parameters + discriminator.parameters)
    side_by_side = plan.groups[:plan.at_once]
    images = side_by_side[-1][-1].stop - side_by_side[0][0].start
    sets = 1.5 * sum(map(len, side_by_side)) + 1 + len(plan.groups).bit_length() - 1
    return images * per_image + sets * gradients


def _row(part, side, channels, params, products, values, masks=0, **others):
    return Row(part, side, channels, tree.size(params), products, _FLOAT * values + masks, **others)


def _stack_row(params, side, channels, blocks):
    """The residual stack of an autoencoder: inputs of its convolutions, a mask for each leaky ReLU."""
    pixels, inside = side**2, blocks * (channels + hidden(channels))
    return _row("stack", side, channels, params, pixels * _products(params), pixels * (channels + inside),
                pixels * (channels + inside), blocks=blocks)


def _places(config, side):
    """At how many places of the smallest map numbers become channels, or channels numbers."""
    return side**2 if config.spatial else 1


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
