"""Exercise 2: GELU and leaky ReLU (tutorials/02_one_value_at_a_time.py).

Shapes: x, y, dy, dx any, the same.
"""

import math

import numpy as np

from minihit.backend import erf


def gelu_forward(x):
    """y = x Phi(x), Phi(x) = (1 + erf(x / sqrt(2))) / 2. Returns y and a cache."""
    cdf = 0.5 * (1.0 + erf(x * math.sqrt(0.5)))
    return x * cdf, {"x": x, "cdf": cdf}


def gelu_backward(dy, cache):
    """dx. The slope of Phi is phi(x) = exp(-x^2 / 2) / sqrt(2 pi)."""
    x, cdf = cache["x"], cache["cdf"]
    pdf = np.exp(-0.5 * x * x) / math.sqrt(2.0 * math.pi)
    return dy * (cdf + x * pdf)


def leaky_relu_forward(x):
    """y = x where x > 0, and 0.2 x elsewhere. Returns y and a cache."""
    slope = np.where(x > 0, 1.0, 0.2).astype(x.dtype)
    return x * slope, {"slope": slope}


def leaky_relu_backward(dy, cache):
    return dy * cache["slope"]
