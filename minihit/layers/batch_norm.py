"""Batch normalisation (Ioffe & Szegedy 2015): y = scale * (x - mean) / sqrt(variance + EPS) + bias, per channel.

Shapes: x, y (..., C); scale, bias, mean, variance (C,). In training mean and variance are the batch's own, over all
axes but the last, whichever threads hold its images; in evaluation they are running averages, a tree of their own:
state = {"mean", "variance"}.
"""

from minihit import initializers, parallel
from minihit.ops import normalize, standardize
from minihit.ops.blend import blend

EPS = 1e-3
MOMENTUM = 0.99


def init(channels):
    return {"scale": initializers.ones(channels), "bias": initializers.zeros(channels)}


def init_state(channels):
    return {"mean": initializers.zeros(channels), "variance": initializers.ones(channels)}


def forward(params, x, state=None):
    scale, bias = params["scale"], params["bias"]
    if state is None:
        y, cache = normalize.forward(x, scale, bias, "channel", EPS, parallel.total)
    else:
        y, cache = standardize.forward(x, scale, bias, state["mean"], state["variance"], EPS)
    return y, {**cache, "evaluation": state is not None}


def backward(dy, cache):
    dx, dscale, dbias = (standardize if cache["evaluation"] else normalize).backward(dy, cache)
    return dx, {"scale": dscale, "bias": dbias}


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
    return {key: blend(state[key], batch[key], momentum) for key in state}
