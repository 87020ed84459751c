"""Attention with folded heads: where all share one key, they are only more query rows, and one product serves them.

Shapes: query, out (..., Q, N, D); key, value (..., K, N, D) or (..., K, 1, D); probs (..., N, Q, K), a view of the
softmax's own (..., K, R) with R = Q N rows where keys are shared, else (..., N, K, Q).

Scores are made with the keys on the slow axis: a softmax over few keys is then a few long vector operations. It scales
them on a GPU, within kernels that read them anyway; a CPU scales the queries, which are fewer.
"""

from minihit import backend
from minihit.backend import array_module
from minihit.ops.fast import softmax
from minihit.ops.fast.matmul import matmul


def forward(query, key, value):
    heads, shared, scale = query.shape[-2], key.shape[-2] == 1, key.shape[-1] ** -0.5
    early, late = (1.0, scale) if backend.on_gpu(query) else (scale, 1.0)
    query = query if early == 1.0 else query * early
    query, key, value = (_fold(x, shared) for x in (query, key, value))
    probs, softmax_cache = softmax.forward(matmul(key, _transpose(query)), axis=-2, scale=late)    # (..., K, R)
    out = _unfold(matmul(_transpose(probs), value), heads, shared)
    return out, {"probs": _probs(probs, heads, shared), "softmax": softmax_cache, "query": query, "key": key,
                 "value": value, "heads": heads, "shared": shared, "scale": early}


def backward(dout, cache):
    """Returns dquery, dkey, dvalue."""
    query, key, value, shared = (cache[name] for name in ("query", "key", "value", "shared"))
    dout = _fold(dout, shared)
    dvalue = matmul(cache["softmax"]["probs"], dout)                       # (..., K, D)
    dprobs = matmul(value, _transpose(dout))                               # (..., K, R)
    dscores = softmax.backward(dprobs, cache["softmax"])
    dkey = matmul(dscores, query)                                          # query carries its scale
    dquery = matmul(_transpose(dscores), key)
    if cache["scale"] != 1.0:
        dquery *= cache["scale"]
    return _unfold(dquery, cache["heads"], shared), _unfold(dkey, 1, shared), _unfold(dvalue, 1, shared)


def _fold(x, shared):
    """(..., L, N, D) -> (..., L N, D) where keys are shared, else (..., N, L, D).

    In one piece on a GPU, where otherwise every product would copy it.
    """
    x = x.reshape(*x.shape[:-3], -1, x.shape[-1]) if shared else x.swapaxes(-3, -2)
    return x.copy() if backend.on_gpu(x) and not x.flags.c_contiguous else x


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
