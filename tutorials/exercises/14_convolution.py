"""Exercise 14: convolution (tutorials/14_convolution.py).

Put your lines in the place of each NotImplementedError; then ask: minihit learn check 14

Shapes: x (B, H, W, C); weight (k, k, C, C'), k odd; bias (C',), which may be missing; y (B, H, W, C').
"""

import numpy as np


def forward(params, x):
    """y[h, w] = sum over i, j of x[h + i - k // 2, w + j - k // 2] @ weight[i, j] + bias, zeros outside of x.

    Returns y and a cache.
    """
    raise NotImplementedError("forward")


def shifted(x, k):
    """(i, j, the pixels that place (i, j) of the kernel meets, (B, H, W, C)) for all places."""
    (_, height, width, _), p = x.shape, k // 2
    padded = np.pad(x, ((0, 0), (p, p), (p, p), (0, 0)))
    return [(i, j, padded[:, i:i + height, j:j + width]) for i in range(k) for j in range(k)]


def backward(dy, cache):
    """Returns dx and {"weight", "bias"}, or {"weight"} where there is no bias."""
    raise NotImplementedError("backward")
