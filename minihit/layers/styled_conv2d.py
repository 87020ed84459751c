"""A layer of StyleGAN2's synthesis: a style from w, a modulated convolution, noise, bias and leaky ReLU.

Shapes: x (B, H, W, C), w (B, D), noise (B, H', W') or (1, H', W'); y (B, H', W', C'), twice as high and wide for up.
"""

from minihit import initializers
from minihit.layers import linear, modulated_conv2d
from minihit.ops import noisy_relu


def init(rng, c_in, c_out, width):
    return {"style": init_style(rng, width, c_in), "conv": modulated_conv2d.init(rng, c_in, c_out),
            "strength": initializers.zeros(1), "bias": initializers.zeros(c_out)}


def init_style(rng, width, channels):
    """The linear layer whose output is one where w is zero."""
    return {**linear.init(rng, width, channels, initializers.standard_normal), "bias": initializers.ones(channels)}


def forward(params, x, w, noise, up=False):
    cache = {}
    style, cache["style"] = linear.forward(params["style"], w)
    h, cache["conv"] = modulated_conv2d.forward(params["conv"], x, style, up)
    y, cache["relu"] = noisy_relu.forward(h, params["strength"], params["bias"], noise)
    return y, cache


def backward(dy, cache):
    """Returns dx, dw, grads."""
    grads = {}
    dh, grads["strength"], grads["bias"] = noisy_relu.backward(dy, cache["relu"])
    dx, dstyle, grads["conv"] = modulated_conv2d.backward(dh, cache["conv"])
    dw, grads["style"] = linear.backward(dstyle, cache["style"])
    return dx, dw, grads
