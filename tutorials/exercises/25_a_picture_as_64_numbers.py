"""Exercise 25: a draw that has a gradient, and what a number costs (tutorials/25_a_picture_as_64_numbers.py).

Put your lines in the place of each NotImplementedError; then ask: minihit learn check 25

Shapes: mean, log_variance, noise, z (B, ...), the same.
"""

import numpy as np


def gaussian_forward(mean, log_variance, noise):
    """z = mean + exp(log_variance / 2) * noise. Returns z and a cache."""
    raise NotImplementedError("gaussian_forward")


def gaussian_backward(dz, cache):
    """Returns dmean, dlog_variance. The noise has no gradient."""
    raise NotImplementedError("gaussian_backward")


def kl(mean, log_variance):
    """KL(N(mean, variance) || N(0, 1)) in nats per image: (value, dmean, dlog_variance).

    For every number it is (mean^2 + variance - 1 - log_variance) / 2. The value is a sum over the numbers of an image
    and a mean over the B images.
    """
    raise NotImplementedError("kl")
