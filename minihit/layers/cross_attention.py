"""Cross-attention (paper, section 3.3): every pixel asks the latent tokens, which so steer all stages.

Shapes: x, y (B, ..., C) with any pixel axes; skip, which is added to y, as y; tokens (B, T, C0); query (B, ..., N, D),
D = C / N; key, value (B, T, K, D) with K = 1 for multi-query attention and K = N for multi-head attention; probs (B, N,
pixels, T).
"""

from minihit.layers import linear
from minihit.ops import attend


def init(rng, channels, heads, token_channels, multi_query=True):
    width = channels // heads
    key_heads = 1 if multi_query else heads
    return {
        "query": linear.init(rng, channels, (heads, width)),
        "key": linear.init(rng, token_channels, (key_heads, width)),
        "value": linear.init(rng, token_channels, (key_heads, width)),
        "out": linear.init(rng, (heads, width), channels),
    }


def forward(params, x, tokens, skip=None):
    cache = {}
    query, cache["query"] = linear.forward(params["query"], x)
    key, cache["key"] = linear.forward(params["key"], tokens)
    value, cache["value"] = linear.forward(params["value"], tokens)
    pixels = query.reshape(query.shape[0], -1, *query.shape[-2:])          # (B, pixels, N, D)
    out, cache["attend"] = attend.forward(pixels, key, value)
    y, cache["out"] = linear.forward(params["out"], out.reshape(query.shape), skip)
    return y, cache


def backward(dy, cache):
    """Returns dx, dtokens, grads."""
    grads = {}
    dout, grads["out"] = linear.backward(dy, cache["out"])
    dpixels, dkey, dvalue = attend.backward(dout.reshape(dout.shape[0], -1, *dout.shape[-2:]), cache["attend"])
    dtokens_value, grads["value"] = linear.backward(dvalue, cache["value"])
    dtokens_key, grads["key"] = linear.backward(dkey, cache["key"])
    dx, grads["query"] = linear.backward(dpixels.reshape(dout.shape), cache["query"])
    return dx, dtokens_key + dtokens_value, grads
