"""Layer normalisation over channels (Ba et al. 2016): y = scale * (x - mean) / sqrt(variance + EPS) + bias.

Shapes: x, y (..., C); scale, bias (C,); mean, variance (..., 1).
"""

from minihit import initializers
from minihit.ops import normalize

EPS = 1e-6


def init(channels):
    return {"scale": initializers.ones(channels), "bias": initializers.zeros(channels)}


def forward(params, x):
    return normalize.forward(x, params["scale"], params["bias"], "pixel", EPS)


def backward(dy, cache, skip=None):
    dx, dscale, dbias = normalize.backward(dy, cache, skip)
    return dx, {"scale": dscale, "bias": dbias}
