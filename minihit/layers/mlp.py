"""The pointwise block: y = x + contract(gelu(expand(norm(x)))), the hidden layer four times as wide.

Shapes: x, y (..., C); hidden (..., 4C).
"""

from minihit.layers import linear, norm
from minihit.ops import feed_forward

EXPANSION = 4


def init(rng, channels):
    return {
        "norm": norm.init(channels),
        "expand": linear.init(rng, channels, EXPANSION * channels),
        "contract": linear.init(rng, EXPANSION * channels, channels),
    }


def init_averages(channels, kind):
    return {"norm": norm.init_averages(channels, kind)}


def forward(params, x, how):
    cache, expand, contract = {}, params["expand"], params["contract"]
    h, cache["norm"] = norm.forward(params["norm"], x, how.at("norm"))
    y, cache["feed_forward"] = feed_forward.forward(h, expand["weight"], expand["bias"], contract["weight"],
                                                    contract["bias"], skip=x)
    return y, cache


def backward(dy, cache):
    grads = {}
    dh, dexpand, dexpand_bias, dcontract, dcontract_bias = feed_forward.backward(dy, cache["feed_forward"])
    grads["contract"] = {"weight": dcontract, "bias": dcontract_bias}
    grads["expand"] = {"weight": dexpand, "bias": dexpand_bias}
    dx, grads["norm"] = norm.backward(dh, cache["norm"], skip=dy)
    return dx, grads
