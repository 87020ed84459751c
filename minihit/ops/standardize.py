"""Standardise: y = scale * (x - mean) / sqrt(variance + eps) + bias, with a mean and a variance that are given.

Shapes: x, x_hat, y (..., C); scale, bias, mean, variance, rstd (C,). Mean and variance are constants to backward.
"""

from minihit.ops.column_sum import column_sum
from minihit.ops.switch import tuned


@tuned
def forward(x, scale, bias, mean, variance, eps):
    rstd = (variance + eps) ** -0.5
    x_hat = (x - mean) * rstd
    return x_hat * scale + bias, {"x_hat": x_hat, "rstd": rstd, "scale": scale}


@tuned
def backward(dy, cache):
    """Returns dx, dscale, dbias."""
    return dy * cache["scale"] * cache["rstd"], column_sum(dy * cache["x_hat"]), column_sum(dy)
