"""Multi-axis self-attention (paper, section 3.1): each group of heads attends along one axis of the windows.

Shapes: x, y (B, G, P, C): G windows of P pixels; skip, which is added to y, as y. query (B, G, P, N, D), D = C / N;
key, value (B, G, P, K, D) with K = 1 for multi-query attention and K = N for multi-head attention.

Along "block" the pixels inside a window attend to each other (regional); along "grid" the pixels at the same place of
every window do (dilated). HiT gives half its heads to each. The ablations are the same layer: one axis only; axial
attention is both axes where each window is a row of the image (Ho et al. 2019), full attention is "block" where one
window is the image.
"""

from minihit.backend import array_module
from minihit.layers import linear
from minihit.ops import attend
from minihit.ops.add import add

AXES = ("block", "grid")


def init(rng, channels, heads, multi_query=True):
    width, key_heads = channels // heads, 1 if multi_query else heads
    return {
        "query": linear.init(rng, channels, (heads, width)),
        "key": linear.init(rng, channels, (key_heads, width)),
        "value": linear.init(rng, channels, (key_heads, width)),
        "out": linear.init(rng, (heads, width), channels),
    }


def forward(params, x, axes=AXES, skip=None):
    cache = {}
    query, cache["query"] = linear.forward(params["query"], x)
    key, cache["key"] = linear.forward(params["key"], x)
    value, cache["value"] = linear.forward(params["value"], x)
    outs = []
    for axis, heads in head_groups(axes, query.shape[-2]).items():
        queries, keys, values = (_towards(axis, _heads_of(array, heads)) for array in (query, key, value))
        out, cache[axis] = attend.forward(queries, keys, values)
        outs.append(_towards(axis, out))
    out = array_module(x).concatenate(outs, axis=-2)                      # (B, G, P, N, D)
    y, cache["out"] = linear.forward(params["out"], out, skip)
    return y, cache


def backward(dy, cache):
    grads = {}
    dout, grads["out"] = linear.backward(dy, cache["out"])
    axes = [axis for axis in AXES if axis in cache]
    parts = []                                                            # per axis: dquery, dkey, dvalue
    for axis, heads in head_groups(axes, dout.shape[-2]).items():
        gradients = attend.backward(_towards(axis, dout[..., heads, :]), cache[axis])
        parts.append([_towards(axis, gradient) for gradient in gradients])
    dquery, dkey, dvalue = zip(*parts, strict=True)
    dx_value, grads["value"] = linear.backward(_join(dvalue, cache["value"]), cache["value"])
    dx_key, grads["key"] = linear.backward(_join(dkey, cache["key"]), cache["key"])
    dx, grads["query"] = linear.backward(_join(dquery, cache["query"]), cache["query"])
    return add(dx, dx_key, dx_value), grads


def head_groups(axes, heads):
    """{axis: slice of the heads that attend along it}, in the order of the axes."""
    share = heads // len(axes)
    return {axis: slice(i * share, (i + 1) * share) for i, axis in enumerate(axes)}


def _heads_of(x, heads):
    """The heads of one group; the only head where all share it."""
    return x if x.shape[-2] == 1 else x[..., heads, :]


def _towards(axis, x):
    """Bring the attended axis to the third place from the end: (B, G, P, N, D), or (B, P, G, N, D) along the grid."""
    return x if axis == "block" else x.swapaxes(1, 2)


def _join(parts, cache):
    """The gradients of all head groups, side by side; added where every group read the one shared head."""
    if cache["bias"].shape[0] == 1:
        return sum(parts[1:], parts[0])
    return array_module(parts[0]).concatenate(parts, axis=-2)
