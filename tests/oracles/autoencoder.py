"""Encoder and convolutional decoder once more, from their description alone and with autograd.numpy.

Plain and slow: a strided convolution is a dense one of which every second pixel is kept, an upsampling one a dense one
of the map with zeros put between its pixels.
"""

import autograd.numpy as np
from oracles.discriminator import leaky_relu


def codes(params, images, config):
    """(B, G, G, out) or (B, out) from images (B, size, size, 3); params and config as in the models' encoder."""
    x = images
    for layer in params["down"]:
        x = leaky_relu(strided_conv(layer, x))
    x = stack(params["stack"], x)
    axes = "bhwc,cd->bhwd" if config.spatial else "bhwc,hwcd->bd"
    return np.einsum(axes, x, params["out"]["weight"]) + params["out"]["bias"]


def images(params, z, config):
    """(B, size, size, 3) from z (B, G, G, latent) or (B, latent); params and config as in the models' decoder."""
    axes = "bhwz,zc->bhwc" if config.spatial else "bz,zhwc->bhwc"
    x = np.einsum(axes, z, params["start"]["weight"]) + params["start"]["bias"]
    x = stack(params["stack"], x)
    for layer in params["up"]:
        x = leaky_relu(upsampling_conv(layer, x))
    return upsampling_conv(params["to_rgb"], x)


def stack(params, x):
    x = conv(params["conv"], x)
    for block in params["blocks"]:
        x = x + conv(block["conv2"], leaky_relu(conv(block["conv1"], leaky_relu(x))))
    return leaky_relu(x)


def conv(layer, x):
    p = layer["weight"].shape[0] // 2
    return correlate(pad(x, p, p), layer["weight"]) + layer["bias"]


def strided_conv(layer, x):
    p = layer["weight"].shape[0] // 2 - 1
    return correlate(pad(x, p, p), layer["weight"])[:, ::2, ::2] + layer["bias"]


def upsampling_conv(layer, x):
    kernel = np.swapaxes(layer["weight"][::-1, ::-1], 2, 3)               # (k, k, C, C')
    k = kernel.shape[0]
    return correlate(pad(with_zeros(x), k // 2, k // 2 - 1), kernel) + layer["bias"]


def with_zeros(x):
    """(B, 2H, 2W, C): the pixels of x at even rows and columns, zeros elsewhere."""
    b, height, width, c = x.shape
    x = np.reshape(np.stack([x, 0.0 * x], axis=2), (b, 2 * height, width, c))
    return np.reshape(np.stack([x, 0.0 * x], axis=3), (b, 2 * height, 2 * width, c))


def correlate(x, kernel):
    """Without padding."""
    k = kernel.shape[0]
    height, width = x.shape[1] - k + 1, x.shape[2] - k + 1
    return sum(np.dot(x[:, i:i + height, j:j + width], kernel[i, j]) for i in range(k) for j in range(k))


def pad(x, before, after):
    return np.pad(x, [(0, 0), (before, after), (before, after), (0, 0)], "constant")
