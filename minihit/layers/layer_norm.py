"""Layer normalisation over channels (Ba et al. 2016): y = scale * (x - mean) / sqrt(variance + EPS) + bias.

Shapes: x, y (..., C); scale, bias (C,); mean, variance (..., 1).
"""

from minihit import initializers
from minihit.backend import fused
from minihit.ops.column_sum import column_sum

EPS = 1e-6


def init(channels):
    return {"scale": initializers.ones(channels), "bias": initializers.zeros(channels)}


def forward(params, x):
    x_hat = x - x.mean(axis=-1, keepdims=True)
    rstd = _rstd((x_hat * x_hat).mean(axis=-1, keepdims=True))             # (..., 1)
    y = _scale(x_hat, rstd, params["scale"], params["bias"])
    return y, {"x_hat": x_hat, "rstd": rstd, "scale": params["scale"]}


def backward(dy, cache):
    x_hat = cache["x_hat"]
    grads = {"scale": column_sum(dy * x_hat), "bias": column_sum(dy)}
    dx_hat = dy * cache["scale"]
    shift, rescaling = (values.mean(axis=-1, keepdims=True) for values in (dx_hat, dx_hat * x_hat))
    return _project(dx_hat, x_hat, cache["rstd"], shift, rescaling), grads


@fused
def _rstd(variance):
    return (variance + EPS) ** -0.5


@fused
def _scale(x_hat, rstd, scale, bias):
    x_hat *= rstd
    y = x_hat * scale
    y += bias
    return y


@fused
def _project(dx_hat, x_hat, rstd, shift, rescaling):
    """x_hat ignores a shift of x and a rescaling of x, so those two directions are projected out."""
    dx = dx_hat - shift
    dx -= x_hat * rescaling
    dx *= rstd
    return dx
