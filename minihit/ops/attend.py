"""Attention: out = softmax(query key^T / sqrt(D)) value for every head (Vaswani et al. 2017).

Shapes: query, out (..., Q, N, D); key, value (..., K, N, D), or (..., K, 1, D) when all query heads share one key and
one value head (multi-query, Shazeer 2019); probs (..., N, Q, K).

With shared keys the heads are only more query rows, so they are folded into one product of (Q N) rows. Scores are made
with the keys on the slow axis: a softmax over few keys is then a few long vector operations.
"""

from minihit.backend import array_module
from minihit.ops import softmax


def forward(query, key, value):
    heads, scale = query.shape[-2], key.shape[-1] ** -0.5
    shared = key.shape[-2] == 1
    query, key, value = _fold(query * scale, shared), _fold(key, shared), _fold(value, shared)
    probs, _ = softmax.forward(key @ _transpose(query), axis=-2)           # (..., K, R)
    out = _unfold(_transpose(probs) @ value, heads, shared)
    cache = {"probs": _probs(probs, heads, shared), "query": query, "key": key, "value": value,
             "folded_probs": probs, "heads": heads, "shared": shared, "scale": scale}
    return out, cache


def backward(dout, cache):
    """Returns dquery, dkey, dvalue."""
    query, key, value, probs, shared = (cache[name] for name in ("query", "key", "value", "folded_probs", "shared"))
    dout = _fold(dout, shared)
    dvalue = probs @ dout                                                  # (..., K, D)
    dprobs = value @ _transpose(dout)                                      # (..., K, R)
    dscores = softmax.backward(dprobs, {"probs": probs, "axis": -2})
    dkey = dscores @ query                                                 # query carries the scale
    dquery = _transpose(dscores) @ key * cache["scale"]
    return _unfold(dquery, cache["heads"], shared), _unfold(dkey, 1, shared), _unfold(dvalue, 1, shared)


def _fold(x, shared):
    """(..., L, N, D) -> (..., L N, D) where keys are shared, else (..., N, L, D)."""
    if shared:
        return x.reshape(*x.shape[:-3], -1, x.shape[-1])
    return x.swapaxes(-3, -2)


def _unfold(x, heads, shared):
    """The inverse; how many heads there are shows in x itself unless keys are shared."""
    if shared:
        return x.reshape(*x.shape[:-2], -1, heads, x.shape[-1])
    return x.swapaxes(-3, -2)


def _probs(probs, heads, shared):
    """The folded (..., K, R), seen as (..., N, Q, K)."""
    if shared:
        probs = probs.reshape(*probs.shape[:-1], -1, heads)                # (..., K, Q, N)
        return _transpose(array_module(probs).moveaxis(probs, -1, -3))
    return _transpose(probs)


def _transpose(x):
    return x.swapaxes(-1, -2)
