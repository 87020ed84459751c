"""Attention: out = softmax(query key^T / sqrt(D)) value for every head (Vaswani et al. 2017).

Shapes: query, out (..., Q, N, D); key, value (..., K, N, D), or (..., K, 1, D) when all query heads share one key and
one value head (multi-query, Shazeer 2019); probs (..., N, Q, K).
"""

from minihit.ops import softmax
from minihit.ops.switch import tuned


@tuned
def forward(query, key, value):
    query, key, value = (_swap(x) for x in (query * query.shape[-1] ** -0.5, key, value))   # (..., N, Q or K, D)
    scores = query @ _transpose(key)                                       # (..., N, Q, K)
    probs, softmax_cache = softmax.forward(scores)
    out = probs @ value                                                    # (..., N, Q, D)
    return _swap(out), {"probs": probs, "softmax": softmax_cache, "query": query, "key": key, "value": value}


@tuned
def backward(dout, cache):
    """Returns dquery, dkey, dvalue; the gradients of a shared head add up over those that read it."""
    query, key, value, probs = (cache[name] for name in ("query", "key", "value", "probs"))
    dout = _swap(dout)
    dvalue = _transpose(probs) @ dout
    dscores = softmax.backward(dout @ _transpose(value), cache["softmax"])
    dkey = _transpose(dscores) @ query                                     # query carries the scale
    dquery = dscores @ key * query.shape[-1] ** -0.5
    if key.shape[-3] == 1:
        dkey, dvalue = (x.sum(axis=-3, keepdims=True) for x in (dkey, dvalue))
    return _swap(dquery), _swap(dkey), _swap(dvalue)


def _swap(x):
    """Heads before what they attend along: (..., L, N, D) <-> (..., N, L, D)."""
    return x.swapaxes(-3, -2)


def _transpose(x):
    return x.swapaxes(-2, -1)
