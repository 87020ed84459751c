"""Softmax in place where it can be, the arithmetic between its sums fused on a GPU.

Shapes: scores, probs any, the same.
"""

from minihit.backend import array_module, fused


def forward(scores, axis=-1):
    probs = _exp(scores, scores.max(axis=axis, keepdims=True))
    probs /= probs.sum(axis=axis, keepdims=True)
    return probs, {"probs": probs, "axis": axis}


def backward(dprobs, cache):
    weighted = cache["probs"] * dprobs
    return _less_share(weighted, cache["probs"], weighted.sum(axis=cache["axis"], keepdims=True))


@fused
def _exp(scores, largest):
    return array_module(scores).exp(scores - largest)


@fused
def _less_share(weighted, probs, total):
    return weighted - probs * total
