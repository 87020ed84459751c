"""Batch normalisation (Ioffe & Szegedy 2015): y = scale * (x - mean) / sqrt(variance + EPS) + bias, per channel.

Shapes: x, y (..., C); scale, bias, mean, variance (C,). In training mean and variance are the batch's own, over all
axes but the last, whoever holds its images: `total` adds over them (minihit/sums.py). In evaluation they are running
averages, a tree of their own: averages = {"mean", "variance"}.
"""

from minihit import initializers
from minihit.backend import fused
from minihit.ops.column_sum import column_sum
from minihit.sums import alone

EPS = 1e-3
MOMENTUM = 0.99


def init(channels):
    return {"scale": initializers.ones(channels), "bias": initializers.zeros(channels)}


def init_averages(channels):
    return {"mean": initializers.zeros(channels), "variance": initializers.ones(channels)}


def forward(params, x, averages=None, total=alone):
    moments = _of_batch(x, total) if averages is None else _of_averages(x, averages)
    rstd = _rstd(moments["variance"])
    y = _scale(moments["centered"], rstd, params["scale"], params["bias"])
    return y, {**moments, "rstd": rstd, "scale": params["scale"], "total": total, "evaluation": averages is not None}


def backward(dy, cache):
    centered, rstd = cache["centered"], cache["rstd"]
    grads = {"scale": column_sum(dy * centered) * rstd, "bias": column_sum(dy)}
    if cache["evaluation"]:
        return dy * (rstd * cache["scale"]), grads
    sums = cache["total"](grads)
    return _project(dy, centered, rstd, cache["scale"], sums["scale"], sums["bias"], cache["count"]), grads


def _of_batch(x, total):
    sums = total({"x": column_sum(x), "count": x.size // x.shape[-1]})
    mean, count = sums["x"] / sums["count"], sums["count"]
    centered, square = _center(x, mean)
    return {"centered": centered, "mean": mean, "variance": total(column_sum(square)) / count, "count": count}


def _of_averages(x, averages):
    return {"centered": x - averages["mean"], **averages, "count": None}


@fused
def _center(x, mean):
    centered = x - mean
    return centered, centered * centered


@fused
def _rstd(variance):
    return (variance + EPS) ** -0.5


@fused
def _scale(centered, rstd, scale, bias):
    y = centered * (rstd * scale)
    y += bias
    return y


@fused
def _project(dy, centered, rstd, scale, dscale, dbias, count):
    """y ignores a shift of x and a rescaling of x, so those two directions of dy are projected out."""
    dx = dy - centered * (dscale * rstd / count)
    dx -= dbias / count
    return dx * (rstd * scale)


def fold(averages, cache, momentum=MOMENTUM):
    """The averages moved towards the batch statistics in the cache; both are trees with the same keys.

    As in Keras' fused kernel the running variance takes the unbiased batch variance, N / (N - 1) times the biased one.
    """
    if isinstance(averages, list):
        return [fold(*pair, momentum) for pair in zip(averages, cache, strict=True)]
    if "mean" not in averages:
        return {key: fold(averages[key], cache[key], momentum) for key in averages}
    unbiased = cache["variance"] * (cache["count"] / max(cache["count"] - 1, 1))
    batch = {"mean": cache["mean"], "variance": unbiased}
    return {key: _average(averages[key], batch[key], momentum, 1.0 - momentum) for key in averages}


@fused
def _average(average, value, keep, add):
    return keep * average + add * value
