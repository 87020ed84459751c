"""Exercise 9: attention inside windows and across them (tutorials/09_windows_and_grids.py).

Shapes: x, y (B, G, P, C): G windows of P pixels; query (B, G, P, N, D); key, value (B, G, P, 1, D), or
(B, G, P, N, D) where each of the N heads has its own; `key_heads` in the cache is this 1 or N.
"""

import numpy as np

from minihit.layers import linear
from minihit.ops import attend


def forward(params, x, axes=("block", "grid")):
    """Along "block" the pixels of a window attend to each other, along "grid" those at the same place of all windows.

    The axes share the heads among them, the first half to the first. Returns y and a cache.
    """
    cache = {"axes": axes}
    query, cache["query"] = linear.forward(params["query"], x)
    key, cache["key"] = linear.forward(params["key"], x)
    value, cache["value"] = linear.forward(params["value"], x)
    cache["key_heads"] = key.shape[-2]
    outs = []
    for axis, heads in groups(axes, query.shape[-2]).items():
        mine = [turned(axis, array if array.shape[-2] == 1 else array[..., heads, :]) for array in (query, key, value)]
        out, cache[axis] = attend.forward(*mine)
        outs.append(turned(axis, out))
    y, cache["out"] = linear.forward(params["out"], np.concatenate(outs, axis=-2))
    return y, cache


def groups(axes, heads):
    """{axis: the heads that attend along it, a slice}."""
    share = heads // len(axes)
    return {axis: slice(i * share, (i + 1) * share) for i, axis in enumerate(axes)}


def turned(axis, x):
    """What attends to each other at the third place from the end: windows and pixels change places for "grid"."""
    return x if axis == "block" else x.swapaxes(1, 2)


def backward(dy, cache):
    """Returns dx and grads {"query", "key", "value", "out"}."""
    grads, parts = {}, []
    dout, grads["out"] = linear.backward(dy, cache["out"])
    for axis, heads in groups(cache["axes"], dout.shape[-2]).items():
        gradients = attend.backward(turned(axis, dout[..., heads, :]), cache[axis])
        parts.append([turned(axis, gradient) for gradient in gradients])
    dx = 0.0
    for name, pieces in zip(("query", "key", "value"), zip(*parts, strict=True), strict=True):
        shared = name != "query" and cache["key_heads"] == 1
        gradient = sum(pieces) if shared else np.concatenate(pieces, axis=-2)
        dx_part, grads[name] = linear.backward(gradient, cache[name])
        dx = dx + dx_part
    return dx, grads
