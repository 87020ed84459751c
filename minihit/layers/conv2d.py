"""Convolution with bias, or without one where params has none: y = weight * x + bias.

Shapes: x (B, H, W, C), weight (k, k, C, C'), bias (C',), y (B, H, W, C').
"""

from minihit import initializers
from minihit.ops import conv2d as convolution
from minihit.ops.column_sum import column_sum


def init(rng, c_in, c_out, k=3, bias=True, initializer=initializers.glorot_uniform):
    params = {"weight": initializer(rng, (k, k, c_in, c_out), fan_in=k * k * c_in, fan_out=k * k * c_out)}
    return {**params, "bias": initializers.zeros(c_out)} if bias else params


def forward(params, x):
    y, cache = convolution.forward(x, params["weight"], params.get("bias"))
    return y, {**cache, **params}


def rectified(params, x):
    """leaky_relu.forward of forward, whose backward and tangent find their mask in the cache."""
    y, cache = convolution.rectified(x, params["weight"], params["bias"])
    return y, {**cache, **params}


def backward(dy, cache):
    return input_gradient(dy, cache), weight_gradient(dy, cache)


def input_gradient(dy, cache, other=None):
    """other, where given, is added: what else reaches x back."""
    return convolution.input_gradient(dy, cache, other)


def weight_gradient(dy, cache, x=None):
    """{"weight", "bias"}, or {"weight"} where there is no bias or x takes the place of the input: a bias reads none."""
    grads = {"weight": convolution.weight_gradient(dy, cache, x)}
    return {**grads, "bias": column_sum(dy)} if "bias" in cache and x is None else grads


def tangent(t_x, cache):
    """How y moves when x moves along t_x: the same convolution without the bias."""
    return convolution.tangent(t_x, cache), {"t_x": t_x}
