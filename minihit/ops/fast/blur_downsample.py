"""Blur and halve one axis after the other: eight taps in place of sixteen, and half of them on half an image.

A GPU does both in one kernel, whose pixels come from its caches: sixteen taps forward, nine pixels of dy backward.

Shapes: x (B, H, W, C); y (B, ceil(H/2), ceil(W/2), C).
"""

from minihit import backend
from minihit.backend import array_module, fused
from minihit.ops.blur_downsample import TAPS
from minihit.ops.fast.border import pad
from minihit.ops.fast.squares import along_both_axes, squares, store, windows


def forward(x):
    y = _halve_both(x) if backend.on_gpu(x) else _halve(_halve(x, 1), 2)
    return y, {"shape": x.shape}


def backward(dy, cache):
    _, height, width, _ = cache["shape"]
    if backend.on_gpu(dy):
        return _double_both(dy)[:, :height, :width]
    return _double(_double(dy, 2, width), 1, height)


def _halve_both(x):
    _, height, width, _ = ((side + 1) // 2 for side in x.shape)
    padded = pad(x, 1, (2 * height + 1 - x.shape[1], 2 * width + 1 - x.shape[2]))
    return _filter_both(*windows(padded, 4, height, width, 2))


def _halve(x, axis):
    """y[i] = sum_k TAPS[k] x[2 i + k - 1] along the axis, zeros outside."""
    half = (x.shape[axis] + 1) // 2
    padded = _pad(x, axis, 1, 2 * half + 1 - x.shape[axis])
    return _filter(*(padded[_along(axis, slice(k, k + 2 * half, 2))] for k in range(4)))


@fused
def _filter_both(*pixels):
    return along_both_axes(lambda *line: [_filter(*line)], pixels)[0]


@fused
def _filter(outer, inner, third, fourth):
    """(outer + 3 inner + 3 third + fourth) / 8."""
    y = inner + third
    y *= 3.0
    y += outer
    y += fourth
    y *= TAPS[0]
    return y


def _double_both(dy):
    (b, height, width, c), padded = dy.shape, pad(dy)
    dx = array_module(dy).empty((b, 2 * height, 2 * width, c), dy.dtype)
    _spread_both(*windows(padded, 3, height, width, 1), *squares(dx))
    return dx


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
def _spread_both(*arrays):
    """3 x 3 pixels of dy to the 2 x 2 pixels of dx in their middle."""
    store(along_both_axes(_met, arrays[:9]), arrays[9:])


def _met(before, here, after):
    """What an even and an odd pixel of dx meet."""
    near = here * TAPS[1]
    return near + before * TAPS[3], near + after * TAPS[0]


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
