"""A page that shows what the pixels of some pictures attend to: one HTML file, which needs nothing beside it.

attention.html, in this folder, is that page without its data, a JSON object:

    {"name", "step", "size", "unit", "stages": [{"side", "tokens", "members": {axis: [[pixel, ...], ...]}}, ...],
     "faces": [{"seed", "picture", "stages": [{"blocks": [{axis: shares}, ...], "tokens": shares or null}, ...]}, ...]}

picture is the base64 of uint8 (size, size, 3); shares, {"shape", "values"}, of little-endian uint16, which times unit
are the probs of minihit/models/hit/attention.py, in their order.
"""

import base64
import json
import math
from importlib import resources

import numpy as np

from minihit.models.hit import attention

UNITS = 2**16 - 1                                                         # that a share of 1 has
PLACE = "{{data}}"                                                        # where the page wants its data


def page(name, step, config, faces):
    """The text. faces: (seed, uint8 image (size, size, 3), caches of the stages) of each picture; of a GeneratorConfig.
    """
    data = {"name": name, "step": step, "size": config.size, "unit": 1 / UNITS,
            "stages": [_stage(plan, config) for plan in config.stages], "faces": [_face(*face) for face in faces]}
    text = json.dumps(data, separators=(",", ":")).replace("<", "\\u003c")  # no name ends the script that it is in
    return resources.files("minihit.show").joinpath("attention.html").read_text("utf-8").replace(PLACE, text)


def bytes_of_a_face(config):
    """About how many a picture adds to the page."""
    return sum(2 * 4 / 3 * plan.side**2 * _asked(plan, config) for plan in config.stages)


def _asked(plan, config):
    """Shares that a pixel gives, by all heads of a stage."""
    if not plan.window:
        return plan.heads * config.tokens * config.cross_attention
    inside, windows = math.prod(plan.window), plan.side**2 // math.prod(plan.window)
    others = sum({"block": inside, "grid": windows}[axis] for axis in plan.axes) * plan.layers
    return plan.heads * (others // len(plan.axes) + config.tokens * config.cross_attention)


def _stage(plan, config):
    axes = plan.axes if plan.window and plan.layers else ()
    return {"side": plan.side, "tokens": config.tokens if config.cross_attention else 0,
            "members": {axis: attention.members(plan, axis).tolist() for axis in axes}}


def _face(seed, image, stages):
    return {"seed": seed, "picture": _base64(image), "stages": [
        {"blocks": [{axis: _shares(probs) for axis, probs in block.items()}
                    for block in attention.self_attention(cache)],
         "tokens": _shares(attention.cross_attention(cache))} for cache in stages]}


def _shares(probs):
    if probs is None:
        return None
    return {"shape": probs.shape, "values": _base64((probs * UNITS).round().astype("<u2"))}


def _base64(array):
    return base64.b64encode(np.ascontiguousarray(array).tobytes()).decode()
