"""Leaky ReLU: y = x where x > 0, 0.2 x elsewhere.

Shapes: x, y, positive (...). Piecewise linear, so its tangent is its backward: both multiply by the slope at x.
"""

from minihit.backend import array_module

SLOPE = 0.2


def forward(x):
    xp = array_module(x)
    return xp.maximum(x, SLOPE * x), {"positive": x > 0}


def backward(dy, cache):
    return array_module(dy).where(cache["positive"], dy, SLOPE * dy)


tangent = backward
