"""Convolution by large products: a few images at a time, so that what is laid out for them stays in the cache.

Laid out are the k x k neighbourhoods of all pixels as the rows of one matrix or, for 3 x 3 kernels with enough
channels, Winograd's tiles, which need fewer multiplications. A GPU takes all images at once, and where y has fewer
channels than x it multiplies first and lays out products.

Shapes: x (B, H, W, C), weight (k, k, C, C'), y (B, H, W, C'); k odd.
"""

import math

from minihit import backend
from minihit.backend import array_module
from minihit.ops.fast import leaky_relu, winograd
from minihit.ops.fast.add import add
from minihit.ops.fast.border import pad
from minihit.ops.fast.columns import by_columns, groups, weight_gradient_by_columns
from minihit.ops.fast.matmul import matmul

_FEW_CHANNELS, _FEW_PIXELS = 64, 256                                      # below which Winograd's transforms cost more


def forward(x, weight, bias=None):
    cache = _cache(x, weight)
    return _convolve(x, cache, bias), cache


def rectified(x, weight, bias):
    """A GPU adds the bias and rectifies in one kernel, with Winograd's tiles in the one that mixes the products."""
    cache = _cache(x, weight)
    if not backend.on_gpu(x):
        y, mask = leaky_relu.forward(_convolve(x, cache, bias))
        return y, {**cache, **mask}
    if cache["kernel"] is None:
        y, positive = leaky_relu.rectify_sum(_convolve(x, cache), bias)
    else:
        y, positive = (array_module(x).empty((*x.shape[:3], len(bias)), dtype) for dtype in (x.dtype, bool))
        winograd.rectified(pad(x), cache["kernel"], bias, y, positive)
    return y, {**cache, "positive": positive}


def input_gradient(dy, cache, other=None):
    """A GPU turns the map around in place of the kernel, which forward has transformed already."""
    weight, kernel = cache["weight"], cache.get("kernel")
    if kernel is None or not backend.on_gpu(dy):
        return forward(dy, weight[::-1, ::-1].swapaxes(2, 3), other)[0]
    dx = array_module(dy).empty((*dy.shape[:3], weight.shape[2]), dy.dtype)
    winograd.forward(_turned(pad(dy)), kernel.swapaxes(1, 2), _turned(dx), None if other is None else _turned(other))
    return dx


def weight_gradient(dy, cache, x=None):
    """x, where given, takes the place of the input."""
    x, shape = cache["x"] if x is None else x, cache["weight"].shape
    if not _suits_winograd(x, shape):
        return weight_gradient_by_columns(dy, x, shape)
    parts = groups(len(x), 4 * math.prod(x.shape[1:]), array_module(x))
    products = [winograd.weight_gradient(pad(x[part]), dy[part]) for part in parts]
    return winograd.transform_kernel_gradient(sum(products[1:], products[0]))


def tangent(t_x, cache):
    return _convolve(t_x, cache)


def _cache(x, weight):
    """kernel: the weight transformed for Winograd's tiles, None where these are not used."""
    kernel = winograd.transform_kernel(weight) if _suits_winograd(x, weight.shape) else None
    return {"x": x, "weight": weight, "kernel": kernel}


def _convolve(x, cache, bias=None):
    weight = cache["weight"]
    (*_, c), (k, _, _, c_out) = x.shape, weight.shape
    if cache["kernel"] is not None:
        return _by_tiles(x, cache["kernel"], bias)
    if backend.on_gpu(x) and k > 1 and c_out < c:
        return _products_first(x, weight, [] if bias is None else [bias])
    y = by_columns(x, weight)
    if bias is not None:
        y += bias
    return y


def _by_tiles(x, kernel, bias):
    b, height, width, c = x.shape
    xp, shape = array_module(x), (b, height, width, kernel.shape[2])
    y, bias = xp.empty(shape, x.dtype), None if bias is None else xp.broadcast_to(bias, shape)
    for part in groups(b, 4 * height * width * c, xp):
        winograd.forward(pad(x[part]), kernel, y[part], None if bias is None else bias[part])
    return y


def _products_first(x, weight, others):
    """The sum of the products of all pixels with one place of the kernel, each moved to where it counts."""
    (b, height, width, c), (k, _, _, c_out) = x.shape, weight.shape
    products = matmul(x.reshape(-1, c), weight.transpose(2, 0, 1, 3).reshape(c, -1))
    padded = pad(products.reshape(b, height, width, -1), k // 2)
    padded = padded.reshape(*padded.shape[:3], k, k, c_out)
    return add(*(padded[:, i:i + height, j:j + width, i, j] for i in range(k) for j in range(k)), *others)


def _suits_winograd(x, kernel_shape):
    (b, height, width, _), (k, _, *channels) = x.shape, kernel_shape
    even = height % 2 == 0 and width % 2 == 0
    return k == 3 and even and min(channels) >= _FEW_CHANNELS and b * height * width >= _FEW_PIXELS


def _turned(x):
    """Each image upside down and back to front."""
    return x[:, ::-1, ::-1]
