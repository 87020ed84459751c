"""Convolution with bias, or without one where params has none: y = weight * x + bias.

Shapes: x (B, H, W, C), weight (k, k, C, C'), bias (C',), y (B, H, W, C').
"""

from minihit import initializers
from minihit.layers.linear import combine
from minihit.ops import conv2d
from minihit.ops.column_sum import column_sum


def init(rng, c_in, c_out, k=3, bias=True, initializer=initializers.glorot_uniform):
    params = {"weight": initializer(rng, (k, k, c_in, c_out), fan_in=k * k * c_in, fan_out=k * k * c_out)}
    return {**params, "bias": initializers.zeros(c_out)} if bias else params


def forward(params, x):
    y = conv2d.forward(x, params["weight"])
    if "bias" in params:
        y += params["bias"]
    return y, {"x": x, **params}


def backward(dy, cache):
    return input_gradient(dy, cache), weight_gradient(dy, cache)


def input_gradient(dy, cache):
    return conv2d.input_gradient(dy, cache["weight"])


def weight_gradient(dy, cache, scale=None, t_cache=None):
    """Gradient of sum_b scale_b <dy_b, y_b> + <dy_b, t_y_b>: one product serves a loss and a penalty on the input
    gradient.

    scale (B,) is one where it is None; t_cache, what tangent left, is zero where it is None.
    """
    inputs = combine(cache["x"], scale, t_cache)
    grads = {"weight": conv2d.weight_gradient(inputs, dy, cache["weight"].shape[0])}
    if "bias" in cache:
        grads["bias"] = column_sum(combine(dy, scale))
    return grads


def tangent(t_x, cache):
    """How y moves when x moves along t_x: the same convolution without the bias."""
    return conv2d.forward(t_x, cache["weight"]), {"t_x": t_x}
