"""The stages of HiT (paper, figure 1), one above the other: a first map and tokens in, an image out.

Shapes: x (B, G, G, C0); tokens (B, T, C0), or None without cross-attention; image (B, size, size, 3).
"""

from minihit.backend import array_module
from minihit.models.hit import stage

PIXELS = 1 << 16                                                          # of a strip, over the whole batch


def init(rng, config):
    """A list of parameters, one entry per stage."""
    return [stage.init(rng, plan, config) for plan in config.stages]


def init_averages(config):
    return [stage.init_averages(plan, config) for plan in config.stages]


def forward(params, x, tokens, config, how):
    """Returns image, caches."""
    caches, image = [], None
    for plan, stage_params in zip(config.stages, params, strict=True):
        x, image, cache = stage.forward(stage_params, x, tokens, image, plan, how.at(plan.index))
        caches.append(cache)
    return image, caches


def backward(dimage, caches):
    """Returns dx, dtokens, grads. The gradients of the tokens add up over the stages that read them."""
    grads, dx, dtokens = [], None, None
    for cache in reversed(caches):
        dx, dtokens_here, dimage, stage_grads = stage.backward(dx, dimage, cache)
        grads.insert(0, stage_grads)
        dtokens = dtokens_here if dtokens is None else dtokens + dtokens_here
    return dx, dtokens, grads


def generate(params, x, tokens, config, how, pixels=PIXELS):
    """The image in evaluation, without caches: stages without self-attention, being pointwise, run in strips of rows.

    pixels bounds the size of a strip over the whole batch; memory stays near that of the stage with the largest map.
    """
    image = None
    for plan, stage_params in zip(config.stages, params, strict=True):
        rows = plan.side if plan.window else max(2, pixels // (plan.side * len(x)) // 2 * 2)
        strips = []
        for top in range(0, plan.side, rows):
            part, half = slice(top, top + rows), slice(top // 2, (top + rows) // 2)
            here = {**stage_params, "position": stage_params["position"][:, part]}
            above = None if image is None else image[:, half]
            strips.append(stage.forward(here, x[:, part], tokens, above, plan, how.at(plan.index))[:2])
        x, image = (_stack(parts) for parts in zip(*strips, strict=True))
    return image


def _stack(parts):
    """Strips of rows, one below the other; None where the stage made none."""
    if parts[0] is None or len(parts) == 1:
        return parts[0]
    return array_module(parts[0]).concatenate(parts, axis=1)
