"""What a latent becomes before the stages: the first feature map and the tokens of cross-attention.

Shapes: z (B, latent); x (B, START, START, C0); tokens (B, T, C0), or None without cross-attention.
"""

from minihit.layers import latent_tokens, linear
from minihit.models.hit.config import START


def init(rng, config):
    c = config.channels[0]
    params = {"start": linear.init(rng, config.latent, (START, START, c))}
    if config.cross_attention:
        params["tokens"] = latent_tokens.init(rng, config.latent, config.tokens, c)
    return params


def init_averages(config):
    return {"tokens": latent_tokens.init_averages(config.channels[0], config.norm)} if config.cross_attention else {}


def forward(params, z, how):
    """Returns x, tokens, cache."""
    cache, tokens = {}, None
    x, cache["start"] = linear.forward(params["start"], z)
    if "tokens" in params:
        tokens, cache["tokens"] = latent_tokens.forward(params["tokens"], z, how.at("tokens"))
    return x, tokens, cache


def backward(dx, dtokens, cache):
    """Returns dz, grads; dtokens is None without cross-attention."""
    grads = {}
    dz, grads["start"] = linear.backward(dx, cache["start"])
    if dtokens is not None:
        dz_tokens, grads["tokens"] = latent_tokens.backward(dtokens, cache["tokens"])
        dz = dz + dz_tokens
    return dz, grads
