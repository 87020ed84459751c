"""The pointwise block: y = x + contract(gelu(expand(norm(x)))), the hidden layer four times as wide.

Shapes: x, y (..., C); hidden (..., 4C).
"""

from minihit.layers import linear, norm
from minihit.ops import gelu
from minihit.tree import child

EXPANSION = 4


def init(rng, channels):
    return {
        "norm": norm.init(channels),
        "expand": linear.init(rng, channels, EXPANSION * channels),
        "contract": linear.init(rng, EXPANSION * channels, channels),
    }


def init_state(channels, kind):
    return {"norm": norm.init_state(channels, kind)}


def forward(params, x, kind, state=None):
    cache = {}
    h, cache["norm"] = norm.forward(params["norm"], x, kind, child(state, "norm"))
    h, cache["expand"] = linear.forward(params["expand"], h)
    h, cache["gelu"] = gelu.forward(h)
    h, cache["contract"] = linear.forward(params["contract"], h)
    return x + h, cache


def backward(dy, cache):
    grads = {}
    dh, grads["contract"] = linear.backward(dy, cache["contract"])
    dh = gelu.backward(dh, cache["gelu"])
    dh, grads["expand"] = linear.backward(dh, cache["expand"])
    dh, grads["norm"] = norm.backward(dh, cache["norm"])
    return dy + dh, grads
