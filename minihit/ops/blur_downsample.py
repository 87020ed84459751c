"""Blur and halve (Zhang 2019; Karras et al. 2020): every 2nd pixel of x filtered with [1 3 3 1] / 8 along each axis.

Shapes: x (B, H, W, C); y (B, ceil(H/2), ceil(W/2), C). Zero padding as "SAME" in TensorFlow: one pixel on each side
of an even axis, one before and two after an odd one. Linear, so the tangent is the forward and the backward is its
transpose.
"""

from minihit.backend import array_module
from minihit.ops.switch import tuned

TAPS = (0.125, 0.375, 0.375, 0.125)


@tuned
def forward(x):
    padded = array_module(x).pad(x, ((0, 0), (1, 2), (1, 2), (0, 0)))
    y = sum(tap * pixels for tap, pixels in _met(padded))
    return y, {"shape": x.shape}


@tuned
def backward(dy, cache):
    b, height, width, c = cache["shape"]
    dpadded = array_module(dy).zeros((b, height + 3, width + 3, c), dy.dtype)
    for tap, pixels in _met(dpadded):
        pixels += tap * dy
    return dpadded[:, 1:1 + height, 1:1 + width]


def tangent(t_x, cache):
    return forward(t_x)[0]


def _met(padded):
    """(tap, view of the pixels that it meets) for all 4 x 4 taps."""
    height, width = (side // 2 * 2 - 2 for side in padded.shape[1:3])      # twice as long as the axes of y
    return [(TAPS[i] * TAPS[j], padded[:, i:i + height:2, j:j + width:2]) for i in range(4) for j in range(4)]
