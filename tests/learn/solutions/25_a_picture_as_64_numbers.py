"""Exercise 25: a draw that has a gradient, and what a number costs (tutorials/25_a_picture_as_64_numbers.py).

Shapes: mean, log_variance, noise, z (B, ...), the same.
"""

import numpy as np


def gaussian_forward(mean, log_variance, noise):
    """z = mean + exp(log_variance / 2) * noise. Returns z and a cache."""
    spread = np.exp(0.5 * log_variance) * noise
    return mean + spread, {"spread": spread}


def gaussian_backward(dz, cache):
    """Returns dmean, dlog_variance. The noise has no gradient."""
    return dz, 0.5 * dz * cache["spread"]


def kl(mean, log_variance):
    """KL(N(mean, variance) || N(0, 1)) in nats per image: (value, dmean, dlog_variance).

    For every number it is (mean^2 + variance - 1 - log_variance) / 2. The value is a sum over the numbers of an image
    and a mean over the B images.
    """
    variance, count = np.exp(log_variance), len(mean)
    value = 0.5 * (mean**2 + variance - 1.0 - log_variance).sum() / count
    return value, mean / count, 0.5 * (variance - 1.0) / count
