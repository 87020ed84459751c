"""The self-attention block: x + attention(norm(x)), then the pointwise block.

Shapes: x, y (B, G, P, C): G windows of P pixels.
"""

from minihit.layers import mlp, multi_axis_attention, norm
from minihit.tree import child


def init(rng, channels, heads, multi_query=True):
    return {
        "norm": norm.init(channels),
        "attention": multi_axis_attention.init(rng, channels, heads, multi_query),
        "mlp": mlp.init(rng, channels),
    }


def init_state(channels, kind):
    return {"norm": norm.init_state(channels, kind), "mlp": mlp.init_state(channels, kind)}


def forward(params, x, axes, kind, state=None):
    cache = {}
    h, cache["norm"] = norm.forward(params["norm"], x, kind, child(state, "norm"))
    h, cache["attention"] = multi_axis_attention.forward(params["attention"], h, axes)
    y, cache["mlp"] = mlp.forward(params["mlp"], x + h, kind, child(state, "mlp"))
    return y, cache


def backward(dy, cache):
    grads = {}
    dx, grads["mlp"] = mlp.backward(dy, cache["mlp"])
    dh, grads["attention"] = multi_axis_attention.backward(dx, cache["attention"])
    dh, grads["norm"] = norm.backward(dh, cache["norm"])
    return dx + dh, grads
