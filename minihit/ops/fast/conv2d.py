"""Convolution by large products: a few images at a time, so that what is laid out for them stays in the cache.

Laid out are the k x k neighbourhoods of all pixels as the rows of one matrix or, for 3 x 3 kernels with enough
channels, Winograd's tiles, which need fewer multiplications.

Shapes: x (B, H, W, C), weight (k, k, C, C'), y (B, H, W, C'); k odd.
"""

import math

import numpy as np

from minihit.backend import array_module
from minihit.ops.fast import winograd

_CACHED = 1 << 19                                                         # values laid out at a time: 2 MiB of float32
_FEW_CHANNELS, _FEW_PIXELS = 64, 256                                      # below which Winograd's transforms cost more


def forward(x, weight):
    if not _suits_winograd(x, weight.shape):
        return by_columns(x, weight), {"x": x, "weight": weight}
    (b, height, width, c), xp = x.shape, array_module(x)
    y = xp.empty((b, height, width, weight.shape[3]), x.dtype)
    kernel = winograd.transform_kernel(weight)
    for part in groups(b, 4 * height * width * c, xp):
        winograd.forward(_pad(x[part], 3), kernel, out=y[part])
    return y, {"x": x, "weight": weight}


def weight_gradient(dy, cache, x=None):
    """x, where given, takes the place of the input."""
    x, shape = cache["x"] if x is None else x, cache["weight"].shape
    if not _suits_winograd(x, shape):
        return weight_gradient_by_columns(dy, x, shape)
    parts = groups(len(x), 4 * math.prod(x.shape[1:]), array_module(x))
    products = [winograd.weight_gradient(_pad(x[part], 3), dy[part]) for part in parts]
    return winograd.transform_kernel_gradient(sum(products[1:], products[0]))


def by_columns(x, weight, stride=1):
    """y (B, H / stride, W / stride, C'), k even where the stride is 2."""
    (b, height, width, c), (k, _, _, c_out), xp = x.shape, weight.shape, array_module(x)
    y, kernel = xp.empty((b, height // stride, width // stride, c_out), x.dtype), weight.reshape(-1, c_out)
    for part in groups(b, height * width * k * k * c // stride**2, xp):
        xp.matmul(columns(x[part], k, stride), kernel, out=y[part].reshape(-1, c_out))
    return y


def weight_gradient_by_columns(dy, x, shape, stride=1):
    (b, height, width, c_out), (k, _, c, _) = dy.shape, shape
    parts = groups(b, height * width * k * k * c, array_module(x))
    products = [columns(x[part], k, stride).T @ dy[part].reshape(-1, c_out) for part in parts]
    return sum(products[1:], products[0]).reshape(shape)


def columns(x, k, stride):
    """The neighbourhood of every pixel, or of every second in both directions, as a row: (B H W, k k C)."""
    _, height, width, c = x.shape
    if k == 1:
        return x.reshape(-1, c)
    return neighbourhoods(_pad(x, k), height // stride, width // stride, k, stride)


def neighbourhoods(padded, height, width, k, stride):
    """So many k x k squares of pixels, a stride apart, as rows: (B height width, k k C)."""
    (b, _, _, c), (image, row, pixel, value) = padded.shape, padded.strides
    squares = array_module(padded).lib.stride_tricks.as_strided(
        padded, (b, height, width, k, k, c), (image, stride * row, stride * pixel, row, pixel, value))
    return squares.reshape(b * height * width, k * k * c)


def _suits_winograd(x, kernel_shape):
    (b, height, width, _), (k, _, *channels) = x.shape, kernel_shape
    even = height % 2 == 0 and width % 2 == 0
    return k == 3 and even and min(channels) >= _FEW_CHANNELS and b * height * width >= _FEW_PIXELS


def _pad(x, k):
    (b, height, width, c), p = x.shape, (k - 1) // 2
    padded = array_module(x).zeros((b, height + 2 * p, width + 2 * p, c), x.dtype)
    padded[:, p:p + height, p:p + width] = x
    return padded


def groups(count, values, xp):
    """Slices of the batch for which `values` per image fit in the cache; a GPU takes it whole."""
    size = max(1, _CACHED // values) if xp is np else count
    return [slice(start, start + size) for start in range(0, count, size)]
