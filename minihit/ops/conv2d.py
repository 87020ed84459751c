"""Convolution with stride 1 and zero padding of k // 2, as cross-correlation (what every framework calls convolution).

Shapes: x (B, H, W, C), weight (k, k, C, C'), y (B, H, W, C'); k odd.

The k x k neighbourhoods of a few images at a time are laid out as the rows of a matrix that fits in the cache, and one
product does the rest. The gradient of the input is a convolution with the kernel turned around; the gradient of the weight
is the product of those same rows with dy.
"""

import math

from minihit.backend import array_module

_COLUMNS = 1 << 19                                                        # values of one matrix of neighbourhoods: 2 MiB


def forward(x, weight):
    (b, height, width, _), (k, _, _, c_out) = x.shape, weight.shape
    xp, kernel = array_module(x), weight.reshape(-1, c_out)
    y = xp.empty((b, height * width, c_out), x.dtype)
    for part in _groups(x, k):
        xp.matmul(columns(x[part], k), kernel, out=y[part].reshape(-1, c_out))
    return y.reshape(b, height, width, c_out)


def input_gradient(dy, weight):
    return forward(dy, weight[::-1, ::-1].swapaxes(2, 3))


def weight_gradient(x, dy, k):
    xp, c, c_out = array_module(x), x.shape[-1], dy.shape[-1]
    dweight = xp.zeros((k * k * c, c_out), x.dtype)
    for part in _groups(x, k):
        dweight += columns(x[part], k).T @ dy[part].reshape(-1, c_out)
    return dweight.reshape(k, k, c, c_out)


def reference(x, weight):
    """The definition: one shifted product for every position of the kernel."""
    k, (_, height, width, _) = weight.shape[0], x.shape
    padded = _pad(x, k)
    return sum(padded[:, i:i + height, j:j + width] @ weight[i, j] for i in range(k) for j in range(k))


def columns(x, k):
    """The neighbourhood of every pixel as a row: (B H W, k k C)."""
    b, height, width, c = x.shape
    if k == 1:
        return x.reshape(-1, c)
    padded = _pad(x, k)
    image, row, pixel, value = padded.strides
    neighbourhoods = array_module(x).lib.stride_tricks.as_strided(
        padded, (b, height, width, k, k * c), (image, row, pixel, row, value))
    return neighbourhoods.reshape(b * height * width, k * k * c)


def _pad(x, k):
    (b, height, width, c), p = x.shape, k // 2
    padded = array_module(x).zeros((b, height + 2 * p, width + 2 * p, c), x.dtype)
    padded[:, p:p + height, p:p + width] = x
    return padded


def _groups(x, k):
    """Slices of the batch whose matrix of neighbourhoods fits in the cache."""
    size = max(1, _COLUMNS // (k * k * math.prod(x.shape[1:])))
    return [slice(start, start + size) for start in range(0, x.shape[0], size)]
