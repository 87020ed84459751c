"""Halve by the mean of 2 x 2 squares: the option in place of blur_downsample.

Shapes: x (B, H, W, C) with even H and W; y (B, H/2, W/2, C). Linear: the tangent is the forward.
"""

from minihit.ops import upsample


def forward(x):
    y = upsample.backward(x, {})
    y *= 0.25
    return y, {}


def backward(dy, cache):
    return upsample.forward(0.25 * dy)[0]


def tangent(t_x, cache):
    return forward(t_x)[0]
