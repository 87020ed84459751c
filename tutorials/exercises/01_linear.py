"""Exercise 1: linear, y = x W + b (tutorials/01_linear.py).

Put your lines in the place of each NotImplementedError; then ask: minihit learn check 1

Shapes: x (..., *in), weight (*in, *out), bias (*out), y (..., *out). *in and *out are one axis each to begin with, and
several with heads; ... are any axes before them, all of which are rows. How many axes *in has: weight.ndim - bias.ndim;
how many numbers: math.prod of their lengths.
"""

import math


def forward(params, x):
    """params {"weight", "bias"}. Returns y and a cache with all that backward needs."""
    raise NotImplementedError("forward")


def backward(dy, cache):
    """Returns dx and {"weight", "bias"}, each gradient in the shape of what it belongs to."""
    raise NotImplementedError("backward")
