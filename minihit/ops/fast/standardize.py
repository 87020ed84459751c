"""Standardise, scale and shift with as few passes over memory as fit, fused on a GPU.

Shapes: x, y (..., C); scale, bias, mean, variance, rstd (C,).
"""

from minihit.backend import fused
from minihit.ops.fast.column_sum import column_sum


def forward(x, scale, bias, mean, variance, eps):
    y = _standardize(x, mean, variance, scale, bias, eps)
    return y, {"x": x, "mean": mean, "variance": variance, "scale": scale, "eps": eps}


def backward(dy, cache, skip=None):
    """Returns dx + skip, dscale, dbias."""
    x, mean, variance, scale, eps = (cache[name] for name in ("x", "mean", "variance", "scale", "eps"))
    return _shrink(dy, variance, scale, eps, skip), column_sum(_along(dy, x, mean, variance, eps)), column_sum(dy)


@fused
def root(variance, eps):
    """The reciprocal of the standard deviation."""
    return (variance + eps) ** -0.5


@fused
def stretch(x, mean, rstd, scale, bias):
    """mean None: x has none."""
    y = (x if mean is None else x - mean) * (rstd * scale)
    y += bias
    return y


@fused
def _standardize(x, mean, variance, scale, bias, eps):
    return stretch(x, mean, root(variance, eps), scale, bias)


@fused
def _shrink(dy, variance, scale, eps, skip):
    dx = dy * (root(variance, eps) * scale)
    return dx if skip is None else dx + skip


@fused
def _along(dy, x, mean, variance, eps):
    return dy * ((x - mean) * root(variance, eps))
