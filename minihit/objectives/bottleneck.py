"""What a latent costs, or is pulled towards: the KL divergence of a VAE, and the two losses of a VQ-VAE by their names.

Shapes: mean, log_variance (B, ...), the same; z, codes (..., D), the same; every value a scalar array.

A VQ-VAE's two losses are one number, mean (z - e)^2, with two gradients: `commitment`, which has the cost (beta), pulls
the encoder's z to its code, and `codebook`, which has none, the code to z (van den Oord et al. 2017, equation 3).
"""

from minihit.backend import array_module


def kl(mean, log_variance):
    """KL(N(mean, variance) || N(0, 1)) in nats per image, a sum over its numbers: (value, dmean, dlog_variance)."""
    excess, count = array_module(mean).expm1(log_variance), len(mean)      # variance - 1
    value = 0.5 * (mean * mean + excess - log_variance).sum() / count
    return value, mean / count, excess * (0.5 / count)


def commitment(z, codes, cost):
    """cost * mean (z - codes)^2 with the codes held fixed: (loss, dz)."""
    loss, difference = _mean_square(z, codes)
    return cost * loss, difference * (2.0 * cost / z.size)


def codebook(z, codes):
    """mean (z - codes)^2 with z held fixed: (loss, dcodes)."""
    loss, difference = _mean_square(z, codes)
    return loss, difference * (-2.0 / z.size)


def _mean_square(z, codes):
    difference = z - codes
    return (difference * difference).mean(), difference
