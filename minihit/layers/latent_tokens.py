"""Latent tokens (paper, section 3.3): tokens = norm(reshape(linear(z)) + position).

They are the keys and values of every cross-attention.

All come from one vector, or each from a position of a grid that has as many, through the same weights.

Shapes: z (B, latent), or of a grid (B, T, latent); position (1, 1, T, C); tokens (B, T, C).
"""

from minihit import initializers
from minihit.layers import linear, norm


def init(rng, latent, count, channels, spatial=False):
    """spatial: z is a grid's."""
    return {
        "linear": linear.init(rng, latent, channels if spatial else (count, channels)),
        "position": initializers.truncated_normal(rng, (1, 1, count, channels)),
        "norm": norm.init(channels),
    }


def init_averages(channels, kind):
    return {"norm": norm.init_averages(channels, kind)}


def forward(params, z, how):
    cache = {"position": params["position"]}
    h, cache["linear"] = linear.forward(params["linear"], z)
    tokens, cache["norm"] = norm.forward(params["norm"], h + params["position"][0, 0], how.at("norm"))
    return tokens, cache


def backward(dtokens, cache):
    grads = {}
    dh, grads["norm"] = norm.backward(dtokens, cache["norm"])
    grads["position"] = dh.sum(axis=0).reshape(cache["position"].shape)
    dz, grads["linear"] = linear.backward(dh, cache["linear"])
    return dz, grads
