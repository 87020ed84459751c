"""The stages of HiT (paper, figure 1), one above the other: a first map and tokens in, an image out.

Shapes: x (B, G, G, C0); tokens (B, T, C0), or None without cross-attention; image (B, size, size, 3).
"""

import numpy as np

from minihit.backend import array_module
from minihit.memory import evaluation_room
from minihit.models.hit import stage

PIXELS = 1 << 16                                                          # of a strip, over the whole batch, on a CPU
KEPT = 26                                                                 # floats a pixel and channel of a stage needs


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


def generate(params, x, tokens, config, how, pixels=None):
    """The image in evaluation, without caches: stages without self-attention, being pointwise, run in strips of rows.

    pixels bounds the size of a strip over the whole batch; by default PIXELS, so that memory stays near that of the
    stage with the largest map, and on a GPU as many as there is room for: there a strip costs more than it saves.
    """
    image = None
    for plan, stage_params in zip(config.stages, params, strict=True):
        bound = pixels or _pixels(x)
        rows = plan.side if plan.window else max(2, bound // (plan.side * len(x)) // 2 * 2)
        strips = []
        for top in range(0, plan.side, rows):
            part, half = slice(top, top + rows), slice(top // 2, (top + rows) // 2)
            here = {**stage_params, "position": stage_params["position"][:, part]}
            above = None if image is None else image[:, half]
            strips.append(stage.forward(here, x[:, part], tokens, above, plan, how.at(plan.index))[:2])
        x, image = (_stack(parts) for parts in zip(*strips, strict=True))
    return image


def _pixels(x):
    """Of a strip for which the device of the map x has room."""
    xp = array_module(x)
    return PIXELS if xp is np else max(PIXELS, evaluation_room(xp) // (KEPT * x.shape[-1] * x.itemsize))


def _stack(parts):
    """Strips of rows, one below the other; None where the stage made none."""
    if parts[0] is None or len(parts) == 1:
        return parts[0]
    return array_module(parts[0]).concatenate(parts, axis=1)
