"""Laplacian pyramid (Burt & Adelson 1983): an image as details of halving size and, in the end, what is left of it.

Shapes: x (B, H, W, C); levels, finest first, (B, H, W, C), (B, ceil(H/2), ceil(W/2), C), ...

A level is an image less what the next, half as large, says of it: level = x - enlarged(halved(x)). The last one is
whole, so the levels add up to x, each enlarged as often as it was halved. Linear in x.
"""

from minihit.backend import array_module
from minihit.ops import blur


def forward(x, smallest=16):
    """Levels down to the last whose shorter side is at least `smallest`, which is at least 2, as far as blur goes."""
    if smallest < 2:
        raise ValueError(f"the smallest level of a pyramid has at least 2 pixels a side, not {smallest}")
    levels = [x]
    while min(levels[-1].shape[1:3]) >= 2 * smallest:
        smaller = halved(levels[-1])
        levels[-1] = levels[-1] - enlarged(smaller, levels[-1].shape)
        levels.append(smaller)
    return levels, {}


def backward(dlevels, cache):
    """dx, from the last level to the first."""
    *details, dx = dlevels
    for dlevel in reversed(details):
        dsmaller = dx - enlarged_backward(dlevel)
        dx = dlevel + halved_backward(dsmaller, dlevel.shape)
    return dx


def halved(x):
    """Every 2nd pixel of the blurred image."""
    return blur.forward(x)[0][:, ::2, ::2]


def halved_backward(dy, shape):
    return blur.backward(_spread(dy, shape), {})


def enlarged(x, shape):
    """To twice the size: zeros between the pixels, blurred, times 4 to keep the brightness."""
    return blur.forward(_spread(4.0 * x, shape))[0]


def enlarged_backward(dy):
    return 4.0 * blur.backward(dy, {})[:, ::2, ::2]


def _spread(x, shape):
    """x on every 2nd pixel of an image of that shape, zeros between."""
    sparse = array_module(x).zeros(shape, x.dtype)
    sparse[:, ::2, ::2] = x
    return sparse
