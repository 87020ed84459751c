"""Exercise 7: attention (tutorials/07_attention.py).

Put your lines in the place of each NotImplementedError; then ask: minihit learn check 7

Shapes: query, out (B, Q, N, D); key, value (B, K, N, D); scores, probs (B, N, Q, K): N heads, each of width D.
"""

from minihit.ops import softmax


def forward(query, key, value):
    """out = softmax(query key^T / sqrt(D)) value, head by head. Returns out and a cache."""
    query, key, value = (x.swapaxes(-3, -2) for x in (query, key, value))
    scores = query @ key.swapaxes(-2, -1) * query.shape[-1] ** -0.5
    probs, softmax_cache = softmax.forward(scores)
    out = (probs @ value).swapaxes(-3, -2)
    return out, {"query": query, "key": key, "value": value, "probs": probs, "softmax": softmax_cache}


def backward(dout, cache):
    """Returns dquery, dkey, dvalue."""
    raise NotImplementedError("backward")
