"""What HiT costs: see minihit/cost."""

import math

from minihit import tree
from minihit.cost.row import products_of, row
from minihit.layers.mlp import EXPANSION
from minihit.models import hit


def generator_rows(config):
    """A Row for the first map, one for the latent tokens, one for each stage."""
    params = hit.init(None, config)
    rows = _stem_rows(params, config)
    for plan, stage in zip(config.stages, params["stages"], strict=True):
        rows.append(row(f"stage {plan.index}", plan.side, plan.channels, stage, _stage_products(stage, plan, config),
                        _stage_values(plan, config, "widen" in stage), heads=plan.heads, window=plan.window,
                        attention=plan.axes if plan.window else (), blocks=plan.layers))
    return rows


def _stem_rows(params, config):
    """The weights serve every position of a grid, which is kept once more where it is averaged for the tokens."""
    c, tokens, positions = config.channels[0], config.tokens, config.start**2
    of_map, of_tokens, averaged = (positions, tokens, tokens < positions) if config.spatial else (1, 1, False)
    rows = [row("first map", config.start, c, params["start"], of_map * products_of(params["start"]),
                math.prod(config.z_shape))]
    if config.cross_attention:
        kept = tokens * (2 * c + _per_place(config) + config.latent * averaged)
        rows.append(row("tokens", None, c, params["tokens"], of_tokens * products_of(params["tokens"]), kept))
    return rows


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
