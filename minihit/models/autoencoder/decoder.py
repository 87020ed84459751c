"""The convolutional decoder: numbers to image, the encoder in a mirror (van den Oord et al. 2017, section 4.1).

Shapes: z (B, G, G, latent), G = config.start, or (B, latent) without config.spatial;
image (B, size, size, 3), not clipped.
"""

from itertools import pairwise

from minihit import initializers
from minihit.layers import linear, upsampling_conv2d
from minihit.models.autoencoder import residual_stack
from minihit.ops import leaky_relu
from minihit.sums import alone


def init(rng, config):
    """Host arrays, float32: Glorot uniform kernels, zero biases."""
    c, last = config.channels[0], config.channels[-1]
    return {
        "start": linear.init(rng, config.latent, c if config.spatial else (config.start, config.start, c),
                             initializers.glorot_uniform),
        "stack": residual_stack.init(rng, c, config.blocks),
        "up": [upsampling_conv2d.init(rng, *pair) for pair in pairwise(config.channels)],
        "to_rgb": upsampling_conv2d.init(rng, last, 3),
    }


def init_averages(config, rng=None):
    """No running averages."""
    return {}


def forward(params, z, config, averages=None, total=alone):
    """Image and cache. averages and total are HiT's, for calls alike: nothing here depends on the rest of a batch."""
    cache = {"up": []}
    x, cache["start"] = linear.forward(params["start"], z)
    x, cache["stack"] = residual_stack.forward(params["stack"], x)
    for layer in params["up"]:
        x, convolution = upsampling_conv2d.forward(layer, x)
        x, relu = leaky_relu.forward(x)
        cache["up"].append({"convolution": convolution, "relu": relu})
    image, cache["to_rgb"] = upsampling_conv2d.forward(params["to_rgb"], x)
    return image, cache


def backward(dimage, cache):
    """Returns dz, grads."""
    grads = {"up": []}
    dx, grads["to_rgb"] = upsampling_conv2d.backward(dimage, cache["to_rgb"])
    for layer in reversed(cache["up"]):
        dx = leaky_relu.backward(dx, layer["relu"])
        dx, layer_grads = upsampling_conv2d.backward(dx, layer["convolution"])
        grads["up"].insert(0, layer_grads)
    dx, grads["stack"] = residual_stack.backward(dx, cache["stack"])
    dz, grads["start"] = linear.backward(dx, cache["start"])
    return dz, grads


def last_gradient(dimage, cache):
    """The gradient of the last layer's weight alone, an array: what a loss that sends dimage back says to it."""
    return upsampling_conv2d.weight_gradient(dimage, cache["to_rgb"])["weight"]


def update_averages(averages, cache, share=1.0):
    """None to follow."""
    return {}


def generate(params, z, config, averages):
    """Images in evaluation, which are those of forward."""
    return forward(params, z, config)[0]
