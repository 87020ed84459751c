"""Batch normalisation (Ioffe & Szegedy 2015): y = scale * (x - mean) / sqrt(variance + EPS) + bias, per channel.

Shapes: x, y (..., C); scale, bias, mean, variance (C,). In training mean and variance are the batch's own, over all
axes but the last, whichever threads hold its images; in evaluation they are running averages, a tree of their own:
state = {"mean", "variance"}.
"""

from minihit import initializers, parallel
from minihit.ops.column_sum import column_sum

EPS = 1e-3
MOMENTUM = 0.99


def init(channels):
    return {"scale": initializers.ones(channels), "bias": initializers.zeros(channels)}


def init_state(channels):
    return {"mean": initializers.zeros(channels), "variance": initializers.ones(channels)}


def forward(params, x, state=None):
    training = state is None
    count = parallel.total(x.size // x.shape[-1]) if training else None
    mean = parallel.total(column_sum(x)) / count if training else state["mean"]
    centered = x - mean
    variance = parallel.total(column_sum(centered * centered)) / count if training else state["variance"]
    rstd = (variance + EPS) ** -0.5
    y = centered * (rstd * params["scale"])
    y += params["bias"]
    cache = {"centered": centered, "rstd": rstd, "scale": params["scale"], "mean": mean, "variance": variance,
             "count": count, "evaluation": not training}
    return y, cache


def backward(dy, cache):
    centered, rstd = cache["centered"], cache["rstd"]
    grads = {"scale": column_sum(dy * centered) * rstd, "bias": column_sum(dy)}
    dx = dy
    if not cache["evaluation"]:
        # y ignores a shift of x and a rescaling of x, so those two directions are projected out
        dx = dx - centered * (parallel.total(grads["scale"]) * rstd / cache["count"])
        dx -= parallel.total(grads["bias"]) / cache["count"]
    return dx * (rstd * cache["scale"]), grads


def fold(state, cache, momentum=MOMENTUM):
    """The state moved towards the batch statistics in the cache; both are trees with the same keys.

    As in Keras' fused kernel the running variance takes the unbiased batch variance, N / (N - 1) times the biased one.
    """
    if not state:
        return state
    if isinstance(state, list):
        return [fold(*pair, momentum) for pair in zip(state, cache, strict=True)]
    if "mean" not in state:
        return {key: fold(state[key], cache[key], momentum) for key in state}
    unbiased = cache["variance"] * (cache["count"] / max(cache["count"] - 1, 1))
    batch = {"mean": cache["mean"], "variance": unbiased}
    return {key: momentum * state[key] + (1.0 - momentum) * batch[key] for key in state}
