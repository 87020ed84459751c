"""The vector quantiser as a network: its codes are parameters, learnt by gradient, or averages of what they meet.

Shapes: z, q (B, ..., D); codebook (K, D); indices (B, ...).

Averages are {"codebook", "count" (K,), "sum" (K, D), "weight" ()}: see averages.py.
"""

import numpy as np

from minihit import initializers
from minihit.backend import array_module
from minihit.ops import quantize
from minihit.ops.matmul import matmul


def init(rng, config):
    """Host arrays, float32: {"codebook"}, or nothing where codes are averages."""
    return {"codebook": _first_codes(rng, config)} if config.learn == "gradient" else {}


def init_averages(config, rng=None):
    """Host arrays, float32: codes from the generator (blank without one), and averages of nothing yet."""
    if config.learn == "gradient":
        return {}
    shape = config.codes, config.width
    return {"codebook": _first_codes(rng, config), "count": initializers.zeros(config.codes),
            "sum": initializers.zeros(shape), "weight": initializers.zeros(())}


def forward(params, z, config, averages=None, frozen=None):
    """The code nearest to each vector, and cache; frozen: see ops/quantize.py."""
    codebook = (params if config.learn == "gradient" else averages)["codebook"]
    q, cache = quantize.forward(z, codebook, config.rotate, frozen)
    return q, {**cache, "config": config}


def backward(dq, cache, dcodes=None):
    """Returns dz, grads. dcodes, like q: the gradient of the codebook's loss by the chosen codes, zero where None."""
    config, dz = cache["config"], quantize.backward(dq, cache)
    if config.learn != "gradient":
        return dz, {}
    if dcodes is None:
        return dz, {"codebook": array_module(dq).zeros((config.codes, config.width), dq.dtype)}
    hits = quantize.one_hot(cache["indices"].reshape(-1), config.codes, dq.dtype)
    return dz, {"codebook": matmul(hits.T, dcodes.reshape(-1, config.width))}


def draw(rng, batch, places, config):
    """{"offers": (B, places)}: the code that each vector is offered to, should it be used too little, or -1.

    Every code is offered one vector, no two the same, or as many codes as there are vectors; {} without restarts.
    """
    if not config.restarts:
        return {}
    vectors = batch * places
    count = min(config.codes, vectors)
    offers = np.full(vectors, -1)
    offers[rng.choice(vectors, count, replace=False)] = rng.permutation(config.codes)[:count]
    return {"offers": offers.reshape(batch, places)}


def usage(indices, codes, dtype="float32"):
    """(share of the codes that are used, perplexity exp(-sum p log p) of their shares p), scalar arrays.

    Both depend on how many vectors are looked at: those of one batch cannot use a large codebook evenly.
    """
    xp = array_module(indices)
    p = quantize.one_hot(indices.reshape(-1), codes, dtype).mean(axis=0)  # (K,)
    return (p > 0).astype(dtype).mean(), xp.exp(-(p * xp.log(xp.where(p > 0, p, 1.0))).sum())


def _first_codes(rng, config):
    """Uniform in +-1 / K."""
    return initializers.uniform(rng, (config.codes, config.width), 1.0 / config.codes)
