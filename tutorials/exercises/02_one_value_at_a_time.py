"""Exercise 2: GELU and leaky ReLU (tutorials/02_one_value_at_a_time.py).

Put your lines in the place of each NotImplementedError; then ask: minihit learn check 2

Shapes: x, y, dy, dx any, the same.
"""

import math

import numpy as np

from minihit.backend import erf


def gelu_forward(x):
    """y = x Phi(x), Phi(x) = (1 + erf(x / sqrt(2))) / 2. Returns y and a cache."""
    raise NotImplementedError("gelu_forward")


def gelu_backward(dy, cache):
    """dx. The slope of Phi is phi(x) = exp(-x^2 / 2) / sqrt(2 pi)."""
    raise NotImplementedError("gelu_backward")


def leaky_relu_forward(x):
    """y = x where x > 0, and 0.2 x elsewhere. Returns y and a cache."""
    raise NotImplementedError("leaky_relu_forward")


def leaky_relu_backward(dy, cache):
    raise NotImplementedError("leaky_relu_backward")
