"""What a latent becomes before the stages: the first feature map and the tokens of cross-attention.

A grid of latents is the first map through one linear layer at all positions, and makes the tokens as it is or averaged.

Shapes: z (B, latent), or a grid (B, G, G, latent); x (B, G, G, C0); tokens (B, T, C0), or None without cross-attention.
"""

from minihit.layers import latent_tokens, linear
from minihit.ops import average_downsample


def init(rng, config):
    c, side = config.channels[0], config.start
    params = {"start": linear.init(rng, config.latent, c if config.spatial else (side, side, c))}
    if config.cross_attention:
        params["tokens"] = latent_tokens.init(rng, config.latent, config.tokens, c, config.spatial)
    return params


def init_averages(config):
    return {"tokens": latent_tokens.init_averages(config.channels[0], config.norm)} if config.cross_attention else {}


def forward(params, z, how):
    """Returns x, tokens, cache."""
    cache, tokens = {}, None
    x, cache["start"] = linear.forward(params["start"], z)
    if "tokens" in params:
        if z.ndim == 4:
            z, cache["pool"] = _pool_forward(z, params["tokens"]["position"].shape[2])
        tokens, cache["tokens"] = latent_tokens.forward(params["tokens"], z, how.at("tokens"))
    return x, tokens, cache


def backward(dx, dtokens, cache):
    """Returns dz, grads; dtokens is None without cross-attention."""
    grads = {}
    dz, grads["start"] = linear.backward(dx, cache["start"])
    if dtokens is not None:
        dz_tokens, grads["tokens"] = latent_tokens.backward(dtokens, cache["tokens"])
        if "pool" in cache:
            dz_tokens = _pool_backward(dz_tokens, cache["pool"])
        dz = dz + dz_tokens
    return dz, grads


def _pool_forward(z, count):
    """Returns z (B, count, latent), the grid halved until so many positions are left, and caches."""
    caches = []
    while z.shape[1] * z.shape[2] > count:
        z, cache = average_downsample.forward(z)
        caches.append(cache)
    return z.reshape(len(z), count, -1), {"shape": z.shape, "halvings": caches}


def _pool_backward(dz, cache):
    dz = dz.reshape(cache["shape"])
    for halving in reversed(cache["halvings"]):
        dz = average_downsample.backward(dz, halving)
    return dz
