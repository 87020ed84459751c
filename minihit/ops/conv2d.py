"""Convolution with stride 1 and zero padding of k // 2, as cross-correlation (what every framework calls convolution).

Shapes: x (B, H, W, C), weight (k, k, C, C'), bias (C',), y (B, H, W, C'); k odd. Linear in x, so its tangent is its
forward without a bias.
"""

from minihit.backend import array_module
from minihit.ops import leaky_relu
from minihit.ops.switch import tuned


@tuned
def forward(x, weight, bias=None):
    y = sum(pixels @ weight[i, j] for i, j, pixels in _shifted(x, len(weight)))
    return y if bias is None else y + bias, {"x": x, "weight": weight}


@tuned
def rectified(x, weight, bias):
    """leaky_relu.forward of forward; the cache serves the backward and the tangent of both."""
    y, cache = forward(x, weight, bias)
    y, mask = leaky_relu.forward(y)
    return y, {**cache, **mask}


def backward(dy, cache):
    return input_gradient(dy, cache), weight_gradient(dy, cache)


@tuned
def input_gradient(dy, cache, other=None):
    """The convolution of dy with the kernel turned around, its channels swapped, plus what else reaches x back."""
    return forward(dy, cache["weight"][::-1, ::-1].swapaxes(2, 3), other)[0]


@tuned
def weight_gradient(dy, cache, x=None):
    """x, where given, takes the place of the input."""
    x, weight = cache["x"] if x is None else x, cache["weight"]
    products = [_rows(pixels).T @ _rows(dy) for _, _, pixels in _shifted(x, len(weight))]
    return array_module(x).stack(products).reshape(weight.shape)


@tuned
def tangent(t_x, cache):
    return forward(t_x, cache["weight"])[0]


def _shifted(x, k):
    """(i, j, the pixel that place (i, j) of a k x k kernel meets, for every pixel of y)."""
    (_, height, width, _), p = x.shape, k // 2
    padded = array_module(x).pad(x, ((0, 0), (p, p), (p, p), (0, 0)))
    return [(i, j, padded[:, i:i + height, j:j + width]) for i in range(k) for j in range(k)]


def _rows(x):
    return x.reshape(-1, x.shape[-1])
