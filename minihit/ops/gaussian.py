"""A draw from a diagonal Gaussian, z = mean + std * noise with std = exp(log_variance / 2), as a function of its
moments: the reparametrisation of variational autoencoders (Kingma & Welling 2014).

Shapes: mean, log_variance, noise, z (...), the same. The noise is given, N(0, 1), and has no gradient.
"""

from minihit.backend import array_module


def forward(mean, log_variance, noise):
    spread = array_module(mean).exp(0.5 * log_variance) * noise
    return mean + spread, {"spread": spread}


def backward(dz, cache):
    """Returns dmean, dlog_variance."""
    return dz, 0.5 * dz * cache["spread"]
