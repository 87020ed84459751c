"""Exercise 15: blur and halve (tutorials/15_blur_and_halve.py).

Shapes: x (B, H, W, C); y (B, ceil(H / 2), ceil(W / 2), C).
"""

import numpy as np

TAPS = (0.125, 0.375, 0.375, 0.125)                                       # [1 3 3 1] / 8


def forward(x):
    """y[i] = sum over t of TAPS[t] x[2 i + t - 1], along the rows and along the columns, zeros outside of x.

    Returns y and a cache.
    """
    return halved(halved(x, 1), 2), {"shape": x.shape}


def halved(x, axis):
    n = x.shape[axis]
    pads = [(0, 0)] * 4
    pads[axis] = (1, 2)
    padded = np.moveaxis(np.pad(x, pads), axis, 0)
    y = sum(tap * padded[t:t + n:2][:(n + 1) // 2] for t, tap in enumerate(TAPS))
    return np.moveaxis(y, 0, axis)


def backward(dy, cache):
    """dx, the transpose of forward: every value of dy goes to all pixels that it was made of."""
    _, height, width, _ = cache["shape"]
    return spread(spread(dy, 2, width), 1, height)


def spread(dy, axis, n):
    dy = np.moveaxis(dy, axis, 0)
    padded = np.zeros((n + 4, *dy.shape[1:]), dy.dtype)
    for t, tap in enumerate(TAPS):
        padded[t:t + 2 * len(dy):2] += tap * dy
    return np.moveaxis(padded[1:1 + n], 0, axis)
