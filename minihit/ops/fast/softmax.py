"""Softmax in place where it can be, the arithmetic between its sums fused on a GPU.

Shapes: scores, probs any, the same.
"""

from minihit.backend import array_module, fused


def forward(scores, axis=-1, scale=1.0):
    scale = None if scale == 1.0 else scale
    probs = _exp(scores, scores.max(axis=axis, keepdims=True), scale)
    probs /= probs.sum(axis=axis, keepdims=True)
    return probs, {"probs": probs, "axis": axis, "scale": scale}


def backward(dprobs, cache):
    weighted = cache["probs"] * dprobs
    return _less_share(weighted, cache["probs"], weighted.sum(axis=cache["axis"], keepdims=True), cache["scale"])


@fused
def _exp(scores, largest, scale):
    scores = scores - largest
    return array_module(scores).exp(scores if scale is None else scores * scale)


@fused
def _less_share(weighted, probs, total, scale):
    dscores = weighted - probs * total
    return dscores if scale is None else dscores * scale
