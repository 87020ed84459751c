"""Leaky ReLU: y = x where x > 0, 0.2 x elsewhere.

Shapes: x, y, positive (...). Piecewise linear, so its tangent is its backward: both multiply by the slope at x.
"""

from minihit.backend import array_module
from minihit.ops.switch import tuned

SLOPE = 0.2


@tuned
def forward(x):
    positive = x > 0
    return array_module(x).where(positive, x, SLOPE * x), {"positive": positive}


@tuned
def backward(dy, cache):
    return array_module(dy).where(cache["positive"], dy, SLOPE * dy)


tangent = backward
