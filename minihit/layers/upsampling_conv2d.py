"""Convolution that doubles the sides: the transpose of strided_conv2d (the field's transposed convolution), with bias.

The two change places: forward is the strided convolution's input gradient, with x for its dy, and backward's dx is the
strided convolution itself, with dy for its x. The weight's gradient is the strided one's for this dy as x and x as dy.

Shapes: x (B, H, W, C), weight (k, k, C', C) of the strided convolution that it transposes, bias (C',),
y (B, 2H, 2W, C'); k even.
"""

from minihit import initializers
from minihit.ops import strided_conv2d as convolution
from minihit.ops.column_sum import column_sum


def init(rng, c_in, c_out, k=4):
    """The fan-in is that of a pixel of y, which only a quarter of the kernel's places meet."""
    weight = initializers.glorot_uniform(rng, (k, k, c_out, c_in), fan_in=k * k // 4 * c_in, fan_out=k * k * c_out)
    return {"weight": weight, "bias": initializers.zeros(c_out)}


def forward(params, x):
    weight = params["weight"]
    return convolution.input_gradient(x, {"weight": weight}) + params["bias"], {"x": x, "weight": weight}


def backward(dy, cache):
    return input_gradient(dy, cache), weight_gradient(dy, cache)


def input_gradient(dy, cache):
    return convolution.forward(dy, cache["weight"])[0]


def weight_gradient(dy, cache):
    dweight = convolution.weight_gradient(cache["x"], {"x": dy, "weight": cache["weight"]})
    return {"weight": dweight, "bias": column_sum(dy)}
