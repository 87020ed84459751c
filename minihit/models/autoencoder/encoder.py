"""The encoder: image to numbers, at every position of a small map or as one vector (van den Oord et al. 2017, 4.1).

Shapes: images (B, size, size, 3); y (B, G, G, out), G = config.side, or (B, out) without config.spatial.
"""

from itertools import pairwise

from minihit import initializers
from minihit.layers import linear, strided_conv2d
from minihit.models.autoencoder import residual_stack
from minihit.ops import leaky_relu


def init(rng, config):
    """Host arrays, float32: Glorot uniform kernels, zero biases."""
    c = config.channels[-1]
    return {
        "down": [strided_conv2d.init(rng, *pair) for pair in pairwise((3, *config.channels))],
        "stack": residual_stack.init(rng, c, config.blocks),
        "out": linear.init(rng, c if config.spatial else (config.side, config.side, c), config.out,
                           initializers.glorot_uniform),
    }


def init_averages(config, rng=None):
    """No running averages."""
    return {}


def forward(params, images, config):
    cache, x = {"down": []}, images
    for layer in params["down"]:
        x, convolution = strided_conv2d.forward(layer, x)
        x, relu = leaky_relu.forward(x)
        cache["down"].append({"convolution": convolution, "relu": relu})
    x, cache["stack"] = residual_stack.forward(params["stack"], x)
    y, cache["out"] = linear.forward(params["out"], x)
    return y, cache


def backward(dy, cache):
    """Returns dimages, grads."""
    grads = {"down": []}
    dx, grads["out"] = linear.backward(dy, cache["out"])
    dx, grads["stack"] = residual_stack.backward(dx, cache["stack"])
    for layer in reversed(cache["down"]):
        dx = leaky_relu.backward(dx, layer["relu"])
        dx, layer_grads = strided_conv2d.backward(dx, layer["convolution"])
        grads["down"].insert(0, layer_grads)
    return dx, grads
