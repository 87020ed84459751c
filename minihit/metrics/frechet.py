"""Frechet distance of two sets of features: of the normal distributions that have their means and covariances.

    |mean - mean2|^2 + trace(covariance) + trace(covariance2) - 2 trace((covariance covariance2)^(1/2))

Heusel et al. 2017 call it FID, "Frechet Inception distance", where the features are those of one certain network; it is
the squared 2-Wasserstein distance of the two normal distributions. It counts each feature in its own unit, squared, and
few features make it larger: compare sets of the same size only, beside what real features are from real ones.

Shapes: features (N, D), NumPy or CuPy, any float; mean (D,), covariance (D, D), float64.
"""

import numpy as np

from minihit.backend import array_module
from minihit.errors import UserError
from minihit.parallel import single_threaded_products

CHUNK = 4096                                                              # rows that are float64 at a time


def statistics(features):
    """(mean, covariance), with N - 1 in its denominator; of N <= D features it is singular, which does no harm.

    Raises UserError for fewer than two features.
    """
    count, width = features.shape
    if count < 2:
        raise UserError("a covariance is that of at least two pictures: take more")
    xp = array_module(features)
    mean = features.mean(axis=0, dtype=np.float64)
    covariance = xp.zeros((width, width), np.float64)
    for start in range(0, count, CHUNK):
        centred = features[start:start + CHUNK] - mean                    # float64
        covariance += centred.T @ centred
    return mean, covariance / (count - 1)


def frechet(mean, covariance, mean2, covariance2):
    """The distance, at least 0: rounding, which may leave it below, is taken away."""
    apart = ((mean - mean2) ** 2).sum()
    spread = covariance.trace() + covariance2.trace()
    return max(float(apart + spread - 2.0 * trace_of_root(covariance, covariance2)), 0.0)


def trace_of_root(a, b):
    """trace((a b)^(1/2)) of two covariances: the root of a^(1/2) b a^(1/2), which is symmetric, has the same.

    Rounding makes eigenvalues of 0 slightly negative: they are 0 again. A second thread would only wait for the first:
    of 256 features both together are busy for four times as long.
    """
    xp = array_module(a)
    with single_threaded_products():
        values, vectors = xp.linalg.eigh(a)
        root = vectors * xp.sqrt(values.clip(0.0))                        # root root.T = a
        return xp.sqrt(xp.linalg.eigvalsh(root.T @ b @ root).clip(0.0)).sum()
