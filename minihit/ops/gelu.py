"""GELU, exact (Hendrycks & Gimpel 2016): y = x * Phi(x), Phi the cumulative distribution of the standard normal.

Shapes: x, y, slope (...).
"""

import math

import numpy as np

from minihit.backend import array_module, erf
from minihit.ops.strips import strips

# erf(x / sqrt(2)) = tanh(x * q(x^2)): minimax q for |x| <= 4 sqrt(2), error below 6e-8, found with Lawson's algorithm
_ERF = (1.12837970256, 0.102765485644, -1.84384960448e-4, -6.25718268566e-4, 8.97119753063e-5, -5.98556516707e-6,
        1.58951053211e-7)
_TANH_SERIES = tuple(c / math.sqrt(2.0) ** (2 * k + 1) for k, c in enumerate(_ERF))
_LARGEST_SQUARE = 30.4


def forward(x):
    """y = x * Phi(x). The cache holds the slope dy/dx, which is all that backward needs."""
    if array_module(x) is np and x.dtype == np.float32:
        return _forward_in_strips(x)
    return reference(x)


def backward(dy, cache):
    return dy * cache["slope"]


def reference(x):
    """The definition: what forward computes, without its speed."""
    cdf = 0.5 * (1.0 + erf(x * math.sqrt(0.5)))
    pdf = array_module(x).exp(-0.5 * x * x) * (1.0 / math.sqrt(2.0 * math.pi))
    return x * cdf, {"slope": cdf + x * pdf}


def _forward_in_strips(x):
    x = np.ascontiguousarray(x)
    y, slope = np.empty_like(x), np.empty_like(x)
    for strip in strips(x, y, slope):
        _fill(*strip)
    return y, {"slope": slope}


def _fill(x, y, slope):
    """Fill y and slope from x: one-dimensional float32 arrays small enough to stay in the cache."""
    square = x * x
    pdf = np.exp(square * -0.5)
    pdf *= x
    pdf *= 1.0 / math.sqrt(2.0 * math.pi)                                 # x * phi(x)
    np.minimum(square, _LARGEST_SQUARE, out=square)
    cdf = square * _TANH_SERIES[-1]
    for coefficient in _TANH_SERIES[-2:0:-1]:
        cdf += coefficient
        cdf *= square
    cdf += _TANH_SERIES[0]
    cdf *= x
    np.tanh(cdf, out=cdf)
    cdf *= 0.5
    cdf += 0.5
    np.multiply(x, cdf, out=y)
    np.add(cdf, pdf, out=slope)
