"""Softmax along one axis: probs = exp(scores) / sum(exp(scores)).

Shapes: scores, probs any, the same. The largest score is taken off first, which changes nothing but overflow. scale,
above zero, is what the scores are multiplied with before.
"""

from minihit.backend import array_module
from minihit.ops.switch import tuned


@tuned
def forward(scores, axis=-1, scale=1.0):
    scores = scale * scores
    powers = array_module(scores).exp(scores - scores.max(axis=axis, keepdims=True))
    probs = powers / powers.sum(axis=axis, keepdims=True)
    return probs, {"probs": probs, "axis": axis, "scale": scale}


@tuned
def backward(dprobs, cache):
    probs = cache["probs"]
    return cache["scale"] * (probs * (dprobs - (probs * dprobs).sum(axis=cache["axis"], keepdims=True)))
