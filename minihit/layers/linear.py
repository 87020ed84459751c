"""Linear: y = x W + b, over the trailing axes of x that W's leading axes name.

Shapes: x (..., *in), weight (*in, *out), bias (*out), y (..., *out); skip, which is added to y, as y. Heads are axes
like any other: the query of attention has weight (C, N, D) and bias (N, D), its out has weight (N, D, C) and bias (C,).
"""

import math

from minihit import initializers
from minihit.ops.add import add_to
from minihit.ops.column_sum import column_sum
from minihit.ops.matmul import matmul


def init(rng, c_in, c_out, initializer=initializers.truncated_normal):
    """c_in and c_out are widths or tuples of axes."""
    axes_in, axes_out = ((c,) if isinstance(c, int) else tuple(c) for c in (c_in, c_out))
    weight = initializer(rng, axes_in + axes_out, fan_in=math.prod(axes_in), fan_out=math.prod(axes_out))
    return {"weight": weight, "bias": initializers.zeros(axes_out)}


def forward(params, x, skip=None):
    weight, bias = params["weight"], params["bias"]
    axes_in = weight.ndim - bias.ndim
    rows = x.reshape(-1, math.prod(weight.shape[:axes_in]))               # (rows, in)
    y = matmul(rows, weight.reshape(rows.shape[1], -1))                   # (rows, out)
    add_to(y, bias.reshape(-1), None if skip is None else skip.reshape(y.shape))
    return y.reshape(*x.shape[:x.ndim - axes_in], *bias.shape), {"x": x, "weight": weight, "bias": bias}


def backward(dy, cache):
    return input_gradient(dy, cache), weight_gradient(dy, cache)


def input_gradient(dy, cache):
    x, weight = cache["x"], cache["weight"]
    dy = dy.reshape(-1, cache["bias"].size)                               # (rows, out)
    return matmul(dy, weight.reshape(-1, dy.shape[1]).T).reshape(x.shape)


def weight_gradient(dy, cache, x=None):
    """{"weight", "bias"}, or {"weight"} where x takes the place of the input: a bias reads none."""
    weight, bias = cache["weight"], cache["bias"]
    dy = dy.reshape(-1, bias.size)                                        # (rows, out)
    rows = (cache["x"] if x is None else x).reshape(dy.shape[0], -1)      # (rows, in)
    grads = {"weight": matmul(rows.T, dy).reshape(weight.shape)}
    return grads if x is not None else {**grads, "bias": column_sum(dy).reshape(bias.shape)}


def tangent(t_x, cache):
    """W t_x: how y moves when x moves along t_x."""
    weight, axes_out = cache["weight"], cache["bias"].shape
    rows = t_x.reshape(-1, math.prod(weight.shape[:weight.ndim - len(axes_out)]))
    t_y = matmul(rows, weight.reshape(rows.shape[1], -1))
    return t_y.reshape(*t_x.shape[:t_x.ndim - weight.ndim + len(axes_out)], *axes_out), {"t_x": t_x}
