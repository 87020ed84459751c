"""Standardise, scale and shift with as few passes over memory as fit, fused on a GPU.

Shapes: x, y (..., C); scale, bias, mean, variance, rstd (C,).
"""

from minihit.backend import fused
from minihit.ops.fast.column_sum import column_sum


def forward(x, scale, bias, mean, variance, eps):
    centered, rstd = x - mean, root(variance, eps)
    return stretch(centered, rstd, scale, bias), {"centered": centered, "rstd": rstd, "scale": scale}


def backward(dy, cache, skip=None):
    """Returns dx + skip, dscale, dbias."""
    rstd = cache["rstd"]
    dx = _shrink(dy, rstd, cache["scale"], skip)
    return dx, column_sum(dy * cache["centered"]) * rstd, column_sum(dy)


@fused
def root(variance, eps):
    """The reciprocal of the standard deviation."""
    return (variance + eps) ** -0.5


@fused
def stretch(centered, rstd, scale, bias):
    y = centered * (rstd * scale)
    y += bias
    return y


@fused
def _shrink(dy, rstd, scale, skip):
    dx = dy * (rstd * scale)
    if skip is not None:
        dx += skip
    return dx
