"""Convolution that halves the sides, with bias: y = weight * x + bias.

Shapes: x (B, 2H, 2W, C), weight (k, k, C, C'), bias (C',), y (B, H, W, C'); k even.
"""

from minihit import initializers
from minihit.ops import strided_conv2d as convolution
from minihit.ops.column_sum import column_sum


def init(rng, c_in, c_out, k=4):
    """The fan-out is that of a pixel of x, which only a quarter of the kernel's places meet."""
    weight = initializers.glorot_uniform(rng, (k, k, c_in, c_out), fan_in=k * k * c_in, fan_out=k * k // 4 * c_out)
    return {"weight": weight, "bias": initializers.zeros(c_out)}


def forward(params, x):
    y, cache = convolution.forward(x, params["weight"])
    y += params["bias"]
    return y, cache


def backward(dy, cache):
    dx, dweight = convolution.backward(dy, cache)
    return dx, {"weight": dweight, "bias": column_sum(dy)}
