"""The colour head of a stage without windows: rgb = linear(norm(x)), no tanh.

Shapes: x (B, H, W, C); rgb (B, H, W, 3).
"""

from minihit.layers import linear, norm


def init(rng, channels):
    return {"norm": norm.init(channels), "linear": linear.init(rng, channels, 3)}


def init_averages(channels, kind):
    return {"norm": norm.init_averages(channels, kind)}


def forward(params, x, how):
    cache = {}
    h, cache["norm"] = norm.forward(params["norm"], x, how.at("norm"))
    rgb, cache["linear"] = linear.forward(params["linear"], h)
    return rgb, cache


def backward(drgb, cache):
    grads = {}
    dh, grads["linear"] = linear.backward(drgb, cache["linear"])
    dx, grads["norm"] = norm.backward(dh, cache["norm"])
    return dx, grads
