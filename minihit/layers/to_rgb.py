"""The colour head of a stage without windows: rgb = linear(norm(x)), no tanh.

Shapes: x (B, H, W, C); rgb (B, H, W, 3).
"""

from minihit.layers import linear, norm
from minihit.tree import child


def init(rng, channels):
    return {"norm": norm.init(channels), "linear": linear.init(rng, channels, 3)}


def init_state(channels, kind):
    return {"norm": norm.init_state(channels, kind)}


def forward(params, x, kind, state=None):
    cache = {}
    h, cache["norm"] = norm.forward(params["norm"], x, kind, child(state, "norm"))
    rgb, cache["linear"] = linear.forward(params["linear"], h)
    return rgb, cache


def backward(drgb, cache):
    grads = {}
    dh, grads["linear"] = linear.backward(drgb, cache["linear"])
    dx, grads["norm"] = norm.backward(dh, cache["norm"])
    return dx, grads
