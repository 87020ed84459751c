"""Blur and halve one axis after the other: eight taps in place of sixteen, and half of them on half an image.

Shapes: x (B, H, W, C); y (B, ceil(H/2), ceil(W/2), C).
"""

from minihit.backend import array_module, fused
from minihit.ops.blur_downsample import TAPS


def forward(x):
    return _halve(_halve(x, 1), 2), {"shape": x.shape}


def backward(dy, cache):
    _, height, width, _ = cache["shape"]
    return _double(_double(dy, 2, width), 1, height)


def _halve(x, axis):
    """y[i] = sum_k TAPS[k] x[2 i + k - 1] along the axis, zeros outside."""
    half = (x.shape[axis] + 1) // 2
    padded = _pad(x, axis, 1, 2 * half + 1 - x.shape[axis])
    return _filter(*(padded[_along(axis, slice(k, k + 2 * half, 2))] for k in range(4)))


@fused
def _filter(outer, inner, third, fourth):
    """(outer + 3 inner + 3 third + fourth) / 8."""
    y = inner + third
    y *= 3.0
    y += outer
    y += fourth
    y *= TAPS[0]
    return y


def _double(dy, axis, length):
    """The transpose of _halve: dx[2 i + k - 1] += TAPS[k] dy[i]."""
    half = dy.shape[axis]
    shape = (*dy.shape[:axis], 2 * half, *dy.shape[axis + 1:])
    dx = array_module(dy).empty(shape, dy.dtype)
    even, odd = dx[_along(axis, slice(0, None, 2))], dx[_along(axis, slice(1, None, 2))]
    far = _spread(dy, even, odd)
    even[_along(axis, slice(1, None))] += far[_along(axis, slice(None, -1))]   # tap 3 of y[i - 1]
    odd[_along(axis, slice(None, -1))] += far[_along(axis, slice(1, None))]    # tap 0 of y[i + 1]
    return dx[_along(axis, slice(0, length))]


@fused
def _spread(dy, even, odd):
    near = dy * TAPS[1]
    even[...] = near                                                       # tap 1 of y[i]
    odd[...] = near                                                        # tap 2 of y[i]
    return dy * TAPS[0]


def _pad(x, axis, before, after):
    shape = (*x.shape[:axis], before + x.shape[axis] + after, *x.shape[axis + 1:])
    padded = array_module(x).zeros(shape, x.dtype)
    padded[_along(axis, slice(before, before + x.shape[axis]))] = x
    return padded


def _along(axis, part):
    return (slice(None),) * axis + (part,)
