"""Standardise: y = scale * (x - mean) / sqrt(variance + eps) + bias, with a mean and a variance that are given.

Shapes: x, x_hat, y (..., C); scale, bias, mean, variance, rstd (C,). Mean and variance are constants to backward.
Its skip, where there is one, is the gradient that reached x past the norm.
"""

from minihit.ops.column_sum import column_sum
from minihit.ops.switch import tuned


@tuned
def forward(x, scale, bias, mean, variance, eps):
    rstd = (variance + eps) ** -0.5
    x_hat = (x - mean) * rstd
    return x_hat * scale + bias, {"x_hat": x_hat, "rstd": rstd, "scale": scale}


@tuned
def backward(dy, cache, skip=None):
    """Returns dx + skip, dscale, dbias."""
    dx = dy * cache["scale"] * cache["rstd"]
    return dx if skip is None else skip + dx, column_sum(dy * cache["x_hat"]), column_sum(dy)
