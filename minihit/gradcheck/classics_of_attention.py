"""The mistakes that almost everybody makes once in attention's layers, and where pixels move.

Shapes: as in their layers and ops.
"""

import numpy as np

from minihit.gradcheck.classics_of_ops import scale_forgotten
from minihit.gradcheck.plant import Plant, from_inputs
from minihit.layers import mlp


def without(*names):
    """A plant that forgets what reaches x, or tokens, through these linear layers."""
    def wrong(layer):
        def backward(dy, cache):
            silent = {name: {**cache[name], "weight": 0.0 * cache[name]["weight"]} for name in names}
            return layer.backward(dy, {**cache, **silent})
        return {"backward": backward}
    return wrong


def grads_changed(change):
    """A plant that changes the gradients of parameters: change(grads, dy, cache) returns those that are others."""
    def wrong(layer):
        def backward(dy, cache):
            *inputs, grads = layer.backward(dy, cache)
            return *inputs, {**grads, **change(grads, dy, cache)}
        return {"backward": backward}
    return wrong


def of_shared_heads(change):
    """A plant for attention with one key: change(gradient) of key and value, (B, K, N, D), one for each head."""
    def wrong(found, dout, query, key, value):
        if key.shape[-2] == query.shape[-2]:
            raise ValueError("these heads share nothing")
        scores = np.einsum("...qnd,...kd->...nqk", query, key[..., 0, :]) * query.shape[-1] ** -0.5
        powers = np.exp(scores - scores.max(-1, keepdims=True))
        probs = powers / powers.sum(-1, keepdims=True)
        dprobs = np.einsum("...qnd,...kd->...nqk", dout, value[..., 0, :])
        dscores = probs * (dprobs - (probs * dprobs).sum(-1, keepdims=True)) * query.shape[-1] ** -0.5
        per_head = (np.einsum("...nqk,...qnd->...knd", *pair) for pair in ((dscores, query), (probs, dout)))
        return found[0], *map(change, per_head)
    return from_inputs(wrong)


def half_of_the_heads(grads, dy, cache):
    heads = np.arange(grads["query"]["bias"].shape[0])[:, None] < grads["query"]["bias"].shape[0] // 2
    return {"query": {name: gradient * heads for name, gradient in grads["query"].items()}}


def of_block(change):
    """A plant that changes the block's dx: change(dx, dh, dy), dh that of what the MLP read."""
    def wrong(layer):
        def backward(dy, cache):
            dx, grads = layer.backward(dy, cache)
            dh = mlp.backward(dy, cache["mlp"])[0]
            return change(dx, dh, dy), grads
        return {"backward": backward}
    return wrong


def behind_the_norm(grads, dtokens, cache):
    return {"position": dtokens.sum(axis=0).reshape(grads["position"].shape)}


CLASSICS = {
    "shared heads averaged": Plant(
        "attend, shared", "key", of_shared_heads(lambda gradient: gradient.mean(-2, keepdims=True)),
        "the gradients of the heads that share a key and a value are averaged, and not added", ("value",)),
    "the first of shared heads": Plant(
        "attend, shared", "key", of_shared_heads(lambda gradient: gradient[..., :1, :]),
        "only the first of the heads that share a key and a value sends a gradient back", ("value",)),
    "shared heads, no 1/sqrt(D)": Plant(
        "attend, shared", "query", from_inputs(scale_forgotten),
        "the factor 1 / sqrt(D) of the scores is forgotten on the way back", ("key",)),
    "x as query alone": Plant(
        "multi_axis_attention", "x", without("key", "value"),
        "x is taken for a query alone: what reaches it as key and as value is forgotten"),
    "x not as value": Plant(
        "multi_axis_attention", "x", without("value"), "what reaches x as value is forgotten"),
    "heads of one axis": Plant(
        "multi_axis_attention", "params/query/weight", grads_changed(half_of_the_heads),
        "the heads that attend across the windows send no gradient to their queries", ("params/query/bias",)),
    "tokens as keys alone": Plant(
        "cross_attention", "tokens", without("value"),
        "the tokens are taken for keys alone, though they are values too"),
    "tokens as values alone": Plant(
        "cross_attention", "tokens", without("key"),
        "the tokens are taken for values alone, though they are keys too"),
    "a position averaged": Plant(
        "latent_tokens", "params/position", grads_changed(
            lambda grads, dy, cache: {"position": grads["position"] / len(dy)}),
        "the position's gradient is averaged over the images in place of summed"),
    "a position behind the norm": Plant(
        "latent_tokens", "params/position", grads_changed(behind_the_norm),
        "the position gets the gradient behind the norm, though it is added before it"),
    "a block without its skip": Plant(
        "attention_block", "x", of_block(lambda dx, dh, dy: dx - dh),
        "the gradient that takes the skip around attention is not added"),
    "the skip of another": Plant(
        "attention_block", "x", of_block(lambda dx, dh, dy: dx - dh + dy),
        "the skip around attention takes dy, and not what the MLP has made of it"),
    "the skip twice": Plant(
        "attention_block", "x", of_block(lambda dx, dh, dy: dx + dh),
        "the gradient that takes the skip around attention is added twice"),
    "one pixel of four": Plant(
        "upsample", "x", from_inputs(lambda dx, dy, x: dy[:, ::2, ::2]),
        "one pixel of each square of 2 x 2 is taken, though all four were made of the same one"),
    "four pixels averaged": Plant(
        "upsample", "x", from_inputs(lambda dx, dy, x: 0.25 * dx),
        "the four pixels of each square are averaged and not added"),
}
