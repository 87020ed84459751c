"""Neighbourhoods laid out as the rows of one matrix, so that a convolution is one large product.

A few images at a time, so that what is laid out for them stays in the cache of a CPU.

Shapes: x (B, H, W, C), weight (k, k, C, C'), y (B, H / stride, W / stride, C'), k even where the stride is 2.
"""

import numpy as np

from minihit.backend import array_module
from minihit.ops.fast.border import pad
from minihit.ops.fast.matmul import matmul

_CACHED = 1 << 19                                                         # values laid out at a time: 2 MiB of float32


def by_columns(x, weight, stride=1):
    (b, height, width, c), (k, _, _, c_out), xp = x.shape, weight.shape, array_module(x)
    y, kernel = xp.empty((b, height // stride, width // stride, c_out), x.dtype), weight.reshape(-1, c_out)
    for part in groups(b, height * width * k * k * c // stride**2, xp):
        matmul(columns(x[part], k, stride), kernel, out=y[part].reshape(-1, c_out))
    return y


def weight_gradient_by_columns(dy, x, shape, stride=1):
    (b, height, width, c_out), (k, _, c, _) = dy.shape, shape
    parts = groups(b, height * width * k * k * c, array_module(x))
    products = [matmul(columns(x[part], k, stride).T, dy[part].reshape(-1, c_out)) for part in parts]
    return sum(products[1:], products[0]).reshape(shape)


def columns(x, k, stride):
    """The neighbourhood of every pixel, or of every second in both directions, as a row: (B H W, k k C)."""
    _, height, width, c = x.shape
    if k == 1:
        return x.reshape(-1, c)
    return neighbourhoods(pad(x, (k - 1) // 2), height // stride, width // stride, k, stride)


def neighbourhoods(padded, height, width, k, stride):
    """So many k x k squares of pixels, a stride apart, as rows: (B height width, k k C)."""
    (b, _, _, c), (image, row, pixel, value) = padded.shape, padded.strides
    squares = array_module(padded).lib.stride_tricks.as_strided(
        padded, (b, height, width, k, k, c), (image, stride * row, stride * pixel, row, pixel, value))
    return squares.reshape(b * height * width, k * k * c)


def groups(count, values, xp):
    """Slices of the batch for which `values` per image fit in the cache; a GPU takes it whole."""
    size = max(1, _CACHED // values) if xp is np else count
    return [slice(start, start + size) for start in range(0, count, size)]
