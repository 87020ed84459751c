"""StyleGAN2's mapping network: a latent z, normalised, through linear layers with leaky ReLUs to w.

Shapes: z (B, latent); w (B, width).

Its layers learn at a rate of their own: stored values are 1 / mapping_rate times those that are used.
"""

from functools import partial
from itertools import pairwise

from minihit import initializers
from minihit.layers import linear
from minihit.ops import leaky_relu, pixel_norm
from minihit.ops.noisy_relu import GAIN


def init(rng, config):
    """A list of the parameters of each layer: normal kernels of std 1 / mapping_rate, zero biases."""
    draw = partial(initializers.standard_normal, std=1.0 / config.mapping_rate)
    return [linear.init(rng, *pair, draw) for pair in pairwise((config.latent, *[config.width] * config.mapping))]


def forward(params, z):
    """Returns w, cache."""
    cache = {"layers": []}
    x, cache["norm"] = pixel_norm.forward(z)
    for layer in params:
        h, linear_cache = linear.forward(layer, x)
        x, relu = leaky_relu.forward(GAIN * h)
        cache["layers"].append({"linear": linear_cache, "relu": relu})
    return x, cache


def backward(dw, cache):
    """Returns dz, grads."""
    grads, dx = [], dw
    for layer in reversed(cache["layers"]):
        dh = GAIN * leaky_relu.backward(dx, layer["relu"])
        dx, layer_grads = linear.backward(dh, layer["linear"])
        grads.insert(0, layer_grads)
    return pixel_norm.backward(dx, cache["norm"]), grads
