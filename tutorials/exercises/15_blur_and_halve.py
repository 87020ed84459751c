"""Exercise 15: blur and halve (tutorials/15_blur_and_halve.py).

Put your lines in the place of each NotImplementedError; then ask: minihit learn check 15

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
    raise NotImplementedError("backward")
