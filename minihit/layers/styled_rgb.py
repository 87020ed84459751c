"""The colours of a map of StyleGAN2: a style from w, a modulated 1 x 1 convolution without demodulation, a bias.

Shapes: x (B, H, W, C), w (B, D); rgb (B, H, W, 3).
"""

from minihit import initializers
from minihit.layers import linear, modulated_conv2d
from minihit.layers.styled_conv2d import init_style
from minihit.ops.column_sum import column_sum


def init(rng, channels, width):
    return {"style": init_style(rng, width, channels), "conv": modulated_conv2d.init(rng, channels, 3, k=1),
            "bias": initializers.zeros(3)}


def forward(params, x, w):
    cache = {}
    style, cache["style"] = linear.forward(params["style"], w)
    rgb, cache["conv"] = modulated_conv2d.forward(params["conv"], x, style, demodulate=False)
    return rgb + params["bias"], cache


def backward(drgb, cache):
    """Returns dx, dw, grads."""
    grads = {"bias": column_sum(drgb)}
    dx, dstyle, grads["conv"] = modulated_conv2d.backward(drgb, cache["conv"])
    dw, grads["style"] = linear.backward(dstyle, cache["style"])
    return dx, dw, grads
