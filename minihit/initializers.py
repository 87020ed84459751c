"""First values of weights, drawn on the host in float32 from a generator that is passed in.

Without a generator, rng None, weights are blank: of the right shape and dtype, all zero and read-only, and they take no
memory. That is what counting parameters and reading checkpoints need.
"""

import math

import numpy as np


def truncated_normal(rng, shape, fan_in=None, fan_out=None, std=0.02):
    """Normal values cut at two standard deviations by drawing again, times std (every kernel and position of G)."""
    if rng is None:
        return blank(shape)
    values = rng.standard_normal(shape, dtype=np.float32)
    while (outside := np.abs(values) > 2.0).any():
        values[outside] = rng.standard_normal(np.count_nonzero(outside), dtype=np.float32)
    values *= std
    return values


def glorot_uniform(rng, shape, fan_in, fan_out):
    """Uniform in +-sqrt(6 / (fan_in + fan_out)) (Glorot & Bengio 2010; every kernel of D)."""
    return uniform(rng, shape, math.sqrt(6.0 / (fan_in + fan_out)))


def uniform(rng, shape, limit):
    """Uniform in +-limit (a codebook)."""
    if rng is None:
        return blank(shape)
    values = rng.random(shape, dtype=np.float32)
    values *= 2.0 * limit
    values -= limit
    return values


def standard_normal(rng, shape, fan_in=None, fan_out=None, std=1.0):
    """N(0, 1) times std: kernels with equalised learning rate (Karras et al. 2018, section 4.1)."""
    if rng is None:
        return blank(shape)
    values = rng.standard_normal(shape, dtype=np.float32)
    values *= std
    return values


def blank(shape):
    """One zero, seen from every place of an array of that shape."""
    return np.broadcast_to(np.float32(0.0), shape)


def zeros(shape):
    return np.zeros(shape, np.float32)


def ones(shape):
    return np.ones(shape, np.float32)
