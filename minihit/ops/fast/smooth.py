"""Blur one axis after the other: eight taps in place of sixteen, and no padding. A GPU does both in one kernel.

Shapes: x (B, H + 1, W + 1, C); y (B, H, W, C).
"""

from minihit import backend
from minihit.backend import fused
from minihit.ops.fast.border import pad
from minihit.ops.fast.squares import along_both_axes, windows
from minihit.ops.smooth import TAPS


def forward(x):
    _, height, width, _ = (side - 1 for side in x.shape)
    if backend.on_gpu(x):
        return _filter_both(*windows(pad(x), 4, height, width, 1)), {}
    return _shorten(_shorten(x, 1), 2), {}


@fused
def _filter_both(*pixels):
    return along_both_axes(_filter, pixels)[0]


def _filter(outer, second, third, fourth):
    return [(second + third) * TAPS[1] + (outer + fourth) * TAPS[0]]


def _shorten(x, axis):
    """y[i] = sum_k TAPS[k] x[i + k - 1] along the axis, zeros outside."""
    y = _inner(x[_along(axis, slice(None, -1))], x[_along(axis, slice(1, None))])
    _add_outer(y[_along(axis, slice(1, None))], x[_along(axis, slice(None, -2))])
    _add_outer(y[_along(axis, slice(None, -1))], x[_along(axis, slice(2, None))])
    return y


def _inner(second, third):
    y = second + third
    y *= TAPS[1]
    return y


def _add_outer(y, x):
    y += TAPS[0] * x


def _along(axis, part):
    return (slice(None),) * axis + (part,)
