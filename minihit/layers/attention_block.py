"""The self-attention block: x + attention(norm(x)), then the pointwise block.

Shapes: x, y (B, G, P, C): G windows of P pixels.
"""

from minihit.layers import mlp, multi_axis_attention, norm


def init(rng, channels, heads, multi_query=True):
    return {
        "norm": norm.init(channels),
        "attention": multi_axis_attention.init(rng, channels, heads, multi_query),
        "mlp": mlp.init(rng, channels),
    }


def init_averages(channels, kind):
    return {"norm": norm.init_averages(channels, kind), "mlp": mlp.init_averages(channels, kind)}


def forward(params, x, axes, how):
    cache = {}
    h, cache["norm"] = norm.forward(params["norm"], x, how.at("norm"))
    h, cache["attention"] = multi_axis_attention.forward(params["attention"], h, axes, skip=x)
    y, cache["mlp"] = mlp.forward(params["mlp"], h, how.at("mlp"))
    return y, cache


def backward(dy, cache):
    grads = {}
    dx, grads["mlp"] = mlp.backward(dy, cache["mlp"])
    dh, grads["attention"] = multi_axis_attention.backward(dx, cache["attention"])
    dx, grads["norm"] = norm.backward(dh, cache["norm"], skip=dx)
    return dx, grads
