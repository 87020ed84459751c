"""Exercise 1: linear, y = x W + b (tutorials/01_linear.py).

Shapes: x (..., *in), weight (*in, *out), bias (*out), y (..., *out). *in and *out are one axis each to begin with, and
several with heads; ... are any axes before them, all of which are rows. How many axes *in has: weight.ndim - bias.ndim;
how many numbers: math.prod of their lengths.
"""

import math


def forward(params, x):
    """params {"weight", "bias"}. Returns y and a cache with all that backward needs."""
    weight, bias = params["weight"], params["bias"]
    axes_in = weight.ndim - bias.ndim
    rows = x.reshape(-1, math.prod(weight.shape[:axes_in]))
    y = rows @ weight.reshape(rows.shape[1], -1) + bias.reshape(-1)
    return y.reshape(*x.shape[:x.ndim - axes_in], *bias.shape), {"rows": rows, "shape": x.shape, **params}


def backward(dy, cache):
    """Returns dx and {"weight", "bias"}, each gradient in the shape of what it belongs to."""
    rows, weight, bias = cache["rows"], cache["weight"], cache["bias"]
    dy = dy.reshape(-1, bias.size)
    dx = dy @ weight.reshape(-1, dy.shape[1]).T
    grads = {"weight": (rows.T @ dy).reshape(weight.shape), "bias": dy.sum(axis=0).reshape(bias.shape)}
    return dx.reshape(cache["shape"]), grads
