"""Exercise 1: linear, y = x W + b (tutorials/01_linear.py).

Put your lines in the place of each NotImplementedError; then ask: minihit learn check 1

Shapes: x (..., *in), weight (*in, *out), bias (*out), y (..., *out). One axis in and out to begin with; with heads
there are several. How many are in: weight.ndim - bias.ndim.
"""

import math


def forward(params, x):
    """params {"weight", "bias"}. Returns y and a cache with all that backward needs."""
    raise NotImplementedError("forward")


def backward(dy, cache):
    """Returns dx and {"weight", "bias"}, each gradient in the shape of what it belongs to."""
    raise NotImplementedError("backward")
