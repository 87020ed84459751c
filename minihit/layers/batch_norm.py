"""Batch normalisation (Ioffe & Szegedy 2015): y = scale * (x - mean) / sqrt(variance + EPS) + bias, per channel.

Shapes: x, y (..., C); scale, bias, mean, variance (C,). In training mean and variance are the batch's own, over all
axes but the last, whoever holds its images: `total` adds over them (minihit/sums.py). In evaluation they are running
averages, a tree of their own: averages = {"mean", "variance"}.
"""

from minihit import initializers, tree
from minihit.ops import normalize, standardize
from minihit.ops.blend import blend
from minihit.sums import alone

EPS = 1e-3
MOMENTUM = 0.99


def init(channels):
    return {"scale": initializers.ones(channels), "bias": initializers.zeros(channels)}


def init_averages(channels):
    return {"mean": initializers.zeros(channels), "variance": initializers.ones(channels)}


def forward(params, x, averages=None, total=alone):
    scale, bias = params["scale"], params["bias"]
    if averages is None:
        y, cache = normalize.forward(x, scale, bias, "channel", EPS, total)
    else:
        y, cache = standardize.forward(x, scale, bias, averages["mean"], averages["variance"], EPS)
    return y, {**cache, "evaluation": averages is not None}


def backward(dy, cache, skip=None):
    dx, dscale, dbias = (standardize if cache["evaluation"] else normalize).backward(dy, cache, skip)
    return dx, {"scale": dscale, "bias": dbias}


def fold(averages, cache, share=1.0, momentum=MOMENTUM):
    """The averages moved towards the batch statistics in the cache; both are trees with the same keys.

    As in Keras' fused kernel the running variance takes the unbiased batch variance, N / (N - 1) times the biased one.
    All is multiplied by the share of the batch that the cache is of: what becomes of its parts adds up.
    """
    def moved(average, value):
        return blend(average, value, momentum, share)

    return tree.elementwise(moved, averages, _statistics(averages, cache))


def _statistics(averages, cache):
    """Those of the batch, in the tree of the averages."""
    if isinstance(averages, list):
        return [_statistics(*pair) for pair in zip(averages, cache, strict=True)]
    if "mean" not in averages:
        return {key: _statistics(averages[key], cache[key]) for key in averages}
    return {"mean": cache["mean"], "variance": cache["unbiased"]}
