"""Exercise 10: cross-attention, and the tokens that it reads (tutorials/10_cross_attention.py).

Put your lines in the place of each NotImplementedError; then ask: minihit learn check 10

Shapes: x, y (B, ..., C) with any pixel axes; tokens (B, T, C0); query (B, ..., N, D); key, value (B, T, K, D). And for
the tokens z (B, latent), or (B, T, latent) from a grid; position (1, 1, T, C).
"""

from minihit.layers import linear, norm
from minihit.ops import attend


def cross_attention_forward(params, x, tokens):
    """Every pixel asks all tokens; params {"query", "key", "value", "out"}, of linear layers. Returns y, cache."""
    cache = {}
    query, cache["query"] = linear.forward(params["query"], x)
    key, cache["key"] = linear.forward(params["key"], tokens)
    value, cache["value"] = linear.forward(params["value"], tokens)
    pixels = query.reshape(len(query), -1, *query.shape[-2:])
    out, cache["attend"] = attend.forward(pixels, key, value)
    y, cache["out"] = linear.forward(params["out"], out.reshape(query.shape))
    return y, cache


def cross_attention_backward(dy, cache):
    """Returns dx, dtokens and grads."""
    raise NotImplementedError("cross_attention_backward")


def latent_tokens_forward(params, z, how):
    """tokens = norm(linear(z) + position); params {"linear", "position", "norm"}. Returns tokens, cache.

    how is handed on to the norm: norm.forward(params["norm"], ..., how.at("norm")).
    """
    cache = {"shape": params["position"].shape}
    h, cache["linear"] = linear.forward(params["linear"], z)
    tokens, cache["norm"] = norm.forward(params["norm"], h + params["position"][0, 0], how.at("norm"))
    return tokens, cache


def latent_tokens_backward(dtokens, cache):
    """Returns dz and grads."""
    raise NotImplementedError("latent_tokens_backward")
