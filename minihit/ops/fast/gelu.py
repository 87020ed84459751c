"""GELU in strips: erf by a polynomial within tanh where a CPU computes in float32, one fused kernel on a GPU.

Shapes: x, y, slope = dy/dx, all (...); bias (C,), of the last axis.
"""

import math

import numpy as np

from minihit.backend import array_module, erf, fused
from minihit.ops.fast.strips import STRIP, strips

# erf(x / sqrt(2)) = tanh(x * q(x^2)): minimax q for |x| <= 4 sqrt(2), error below 6e-8, found with Lawson's algorithm;
# beyond, x q(x^2) goes on growing, so tanh stays at 1
_ERF = (1.12837970256, 0.102765485644, -1.84384960448e-4, -6.25718268566e-4, 8.97119753063e-5, -5.98556516707e-6,
        1.58951053211e-7)
_TANH_SERIES = tuple(c / math.sqrt(2.0) ** (2 * k + 1) for k, c in enumerate(_ERF))


def forward(x):
    """The cache holds the slope, which is all that backward needs."""
    xp = array_module(x)
    y, slope = xp.empty(x.shape, x.dtype), xp.empty(x.shape, x.dtype)
    for strip in strips(x, y, slope, size=STRIP if xp is np else x.size):
        (_fill if _fast(x) else _fill_both)(*strip)
    return y, {"slope": slope}


def backward(dy, cache):
    return dy * cache["slope"]


def fill(x, bias, y):
    """Write gelu(x + bias) into y; both fit in the cache together."""
    if not _fast(x):
        _fill_value(x, bias, y)
        return
    np.add(x, bias, out=y)
    _fill(y, y)


def fill_back(x, bias, y, dy):
    """fill, and dy multiplied by the slope of y in place; all fit in the cache together."""
    if not _fast(x):
        _fill_value_and_descend(x, bias, y, dy)
        return
    slope = np.empty_like(x)
    np.add(x, bias, out=y)
    _fill(y, y, slope)
    dy *= slope


def _fill(x, y, slope=None):
    """Write x * Phi(x) into y, which may be x, and its derivative into slope where it is asked for."""
    square = x * x
    cdf = _cdf(x, square)
    if slope is not None:
        square *= -0.5
        np.exp(square, out=slope)
        slope *= x
        slope *= 1.0 / math.sqrt(2.0 * math.pi)                           # x * phi(x)
        slope += cdf
    np.multiply(x, cdf, out=y)


@fused
def _definition(x):
    """The value and the slope."""
    cdf = 0.5 * (1.0 + erf(x * math.sqrt(0.5)))
    pdf = array_module(x).exp(-0.5 * x * x) * (1.0 / math.sqrt(2.0 * math.pi))
    return x * cdf, cdf + x * pdf


@fused
def _fill_value(x, bias, y):
    y[...], _ = _definition(x + bias)


@fused
def _fill_value_and_descend(x, bias, y, dy):
    y[...], slope = _definition(x + bias)
    dy *= slope


@fused
def _fill_both(x, y, slope):
    y[...], slope[...] = _definition(x)


def _fast(x):
    return array_module(x) is np and x.dtype == np.float32


def _cdf(x, square):
    """Phi(x); beyond |x| = 3,000, where tanh is long 1, its argument overflows to infinity."""
    with np.errstate(over="ignore"):
        cdf = square * _TANH_SERIES[-1]
        for coefficient in _TANH_SERIES[-2:0:-1]:
            cdf += coefficient
            cdf *= square
        cdf += _TANH_SERIES[0]
        cdf *= x
    np.tanh(cdf, out=cdf)
    cdf *= 0.5
    cdf += 0.5
    return cdf
