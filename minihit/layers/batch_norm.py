"""Batch normalisation (Ioffe & Szegedy 2015): y = scale * (x - mean) / sqrt(variance + EPS) + bias, per channel.

Shapes: x, y (..., C); scale, bias, mean, variance (C,). In training mean and variance are the batch's own, over all
axes but the last, whichever threads hold its images; in evaluation they are running averages, a tree of their own:
state = {"mean", "variance"}.
"""

from minihit import initializers, parallel
from minihit.backend import fused
from minihit.ops.column_sum import column_sum

EPS = 1e-3
MOMENTUM = 0.99


def init(channels):
    return {"scale": initializers.ones(channels), "bias": initializers.zeros(channels)}


def init_state(channels):
    return {"mean": initializers.zeros(channels), "variance": initializers.ones(channels)}


def forward(params, x, state=None):
    moments = _of_batch(x) if state is None else {"centered": x - state["mean"], **state, "count": None}
    rstd = _rstd(moments["variance"])
    y = _scale(moments["centered"], rstd, params["scale"], params["bias"])
    return y, {**moments, "rstd": rstd, "scale": params["scale"], "evaluation": state is not None}


def backward(dy, cache):
    centered, rstd = cache["centered"], cache["rstd"]
    grads = {"scale": column_sum(dy * centered) * rstd, "bias": column_sum(dy)}
    if cache["evaluation"]:
        return dy * (rstd * cache["scale"]), grads
    total = parallel.total(grads)
    return _project(dy, centered, rstd, cache["scale"], total["scale"], total["bias"], cache["count"]), grads


def _of_batch(x):
    total = parallel.total({"x": column_sum(x), "count": x.size // x.shape[-1]})
    mean, count = total["x"] / total["count"], total["count"]
    centered, square = _center(x, mean)
    return {"centered": centered, "mean": mean, "variance": parallel.total(column_sum(square)) / count, "count": count}


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


def fold(state, cache, momentum=MOMENTUM):
    """The state moved towards the batch statistics in the cache; both are trees with the same keys.

    As in Keras' fused kernel the running variance takes the unbiased batch variance, N / (N - 1) times the biased one.
    """
    if isinstance(state, list):
        return [fold(*pair, momentum) for pair in zip(state, cache, strict=True)]
    if "mean" not in state:
        return {key: fold(state[key], cache[key], momentum) for key in state}
    unbiased = cache["variance"] * (cache["count"] / max(cache["count"] - 1, 1))
    batch = {"mean": cache["mean"], "variance": unbiased}
    return {key: _average(state[key], batch[key], momentum, 1.0 - momentum) for key in state}


@fused
def _average(average, value, keep, add):
    return keep * average + add * value
