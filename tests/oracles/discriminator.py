"""The discriminator once more, from HiT's description alone and with autograd.numpy, to be differentiated twice.

Plain and slow: convolution and blur as sums of shifted images.
"""

import autograd.numpy as np
from autograd import grad

BLUR = [1 / 8, 3 / 8, 3 / 8, 1 / 8]


def logits(params, images, config):
    """(B,) from images (B, H, W, 3); params and config as in minihit.models.discriminator."""
    return everything(params, images, config)[0]


def features(params, images, config):
    """What the blocks read."""
    return everything(params, images, config)[1]


def everything(params, images, config):
    """(logits, features)."""
    def weight(layer):
        kernel = layer["weight"]
        return kernel / np.sqrt(np.prod(kernel.shape[:-1])) if config.equalized else kernel

    def conv(layer, x):
        return convolve(x, weight(layer)) + layer.get("bias", 0.0)

    down = {"blur": blur, "average": average}[config.downsample]
    x, maps = leaky_relu(conv(params["stem"], images)), []
    for block in params["blocks"]:
        maps.append(x)
        main = leaky_relu(conv(block["conv2"], down(leaky_relu(conv(block["conv1"], x)))))
        x = (main + conv(block["skip"], down(x))) / np.sqrt(2.0)
    if config.minibatch_stddev:
        x = append_stddev(x)
    x = leaky_relu(conv(params["conv"], x))
    x = leaky_relu(np.einsum("bhwc,hwcd->bd", x, weight(params["dense"])) + params["dense"]["bias"])
    return (np.dot(x, weight(params["logit"])) + params["logit"]["bias"])[:, 0], maps


def image_gradient(params, images, config):
    """The gradient of the sum of the logits with respect to the images."""
    return grad(lambda images: np.sum(logits(params, images, config)))(images)


def leaky_relu(x):
    return np.where(x > 0, x, 0.2 * x)


def convolve(x, kernel):
    k, (_, height, width, _) = kernel.shape[0], x.shape
    x = pad(x, k // 2)
    return sum(np.dot(x[:, i:i + height, j:j + width], kernel[i, j]) for i in range(k) for j in range(k))


def blur(x):
    x = pad(x, 1)
    height, width = x.shape[1] - 3, x.shape[2] - 3
    return sum(BLUR[i] * BLUR[j] * x[:, i:i + height:2, j:j + width:2] for i in range(4) for j in range(4))


def average(x):
    return (x[:, ::2, ::2] + x[:, 1::2, ::2] + x[:, ::2, 1::2] + x[:, 1::2, 1::2]) / 4


def append_stddev(x):
    """Groups of up to four images, image b in group b mod (B / S); the deviation averaged to one number per group."""
    b, height, width, c = x.shape
    s = min(4, b)
    grouped = np.reshape(x, (s, b // s, height, width, c))
    centered = grouped - np.mean(grouped, axis=0)
    statistic = np.mean(np.sqrt(np.mean(centered**2, axis=0) + 1e-8), axis=(1, 2, 3))
    channel = np.concatenate([statistic] * s)[:, None, None, None] * np.ones((1, height, width, 1))
    return np.concatenate([x, channel], axis=3)


def pad(x, p):
    return np.pad(x, [(0, 0), (p, p), (p, p), (0, 0)], "constant")
