"""Exercise 8: attention whose heads share one key and one value (tutorials/08_many_heads_one_key.py).

Put your lines in the place of each NotImplementedError; then ask: minihit learn check 8

Shapes: query, out (..., Q, N, D); key, value (..., K, N, D), or (..., K, 1, D) where all N heads share them.
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
    """Returns dquery, dkey, dvalue, each in the shape of what it belongs to."""
    raise NotImplementedError("backward")
