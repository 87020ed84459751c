"""The mistakes that almost everybody makes once with the latents of a VAE and the codes of a VQ-VAE.

Shapes: mean, log_variance (B, ...); z, codes (..., D).
"""

import numpy as np

from minihit.gradcheck.plant import Plant, from_inputs


def variance_for_deviation(found, dz, mean, log_variance, noise):
    return found[0], dz * np.exp(log_variance) * noise


CLASSICS = {
    "a draw, its half": Plant(
        "gaussian", "log_variance", from_inputs(
            lambda found, dz, mean, log_variance, noise: (found[0], 2.0 * found[1])),
        "the half in exp(log_variance / 2) is forgotten on the way back"),
    "a draw, variance for deviation": Plant(
        "gaussian", "log_variance", from_inputs(variance_for_deviation),
        "the slope is written as the variance: it is half the deviation, times the noise"),
    "a divergence averaged": Plant(
        "kl", "mean", from_inputs(lambda found, dvalue, mean, log_variance: tuple(
            gradient / mean[0].size for gradient in found)),
        "the gradient is that of a mean over an image's numbers, while the value is their sum", ("log_variance",)),
    "a divergence, its one": Plant(
        "kl", "log_variance", from_inputs(lambda found, dvalue, mean, log_variance: (
            found[0], 0.5 * dvalue * np.exp(log_variance) / len(mean))),
        "the term -log_variance is not differentiated: the slope is (variance - 1) / 2"),
    "the codes pulled away": Plant(
        "codebook", "codes", from_inputs(lambda found, dvalue, codes, z: -found),
        "the sign is that of the other side: the codes are pushed away from z"),
    "a commitment, its two": Plant(
        "commitment", "z", from_inputs(lambda found, dvalue, z, codes, cost: 0.5 * found),
        "the square is differentiated without its factor of 2"),
    "a commitment, its cost": Plant(
        "commitment", "z", from_inputs(lambda found, dvalue, z, codes, cost: found / cost),
        "the cost is in the loss, but not in its gradient"),
}
