"""Kernel distance of two sets of features: KID's arithmetic (Binkowski et al. 2018), whatever the features are.

The squared maximum mean discrepancy with the kernel k(x, y) = (x.y / D + 1)^3: how much nearer to each other the
features of one set are than those of different sets. Its estimate is unbiased, so small sets may be compared, and it
may be negative where the two are alike. It is taken on many random subsets, whose spread tells how far to trust it.

Shapes: x (N, D), y (M, D), NumPy or CuPy, any float; computed in float64.
"""

import numpy as np

from minihit.backend import array_module, to_host
from minihit.errors import UserError


def kernel_distance(x, y, rng, subsets=100, size=1000):
    """(mean, standard deviation) over random subsets of `size` features of each set, or of the smaller set's number.

    rng: np.random.Generator, or RandomState, of the subsets, within which no feature is drawn twice.
    Raises UserError for fewer than two features.
    """
    size = min(size, len(x), len(y))
    if size < 2:
        raise UserError("a kernel distance is that of at least two pictures of each set: take more")
    distances = [squared_discrepancy(_subset(x, rng, size), _subset(y, rng, size)) for _ in range(subsets)]
    distances = to_host(array_module(x).stack(distances))
    return float(distances.mean()), float(distances.std())


def squared_discrepancy(x, y):
    """The unbiased estimate from equally many features of each set, a 0-d array; no feature meets itself in it."""
    count = len(x)
    within = sum(products.sum() - products.trace() for products in (kernel(x, x), kernel(y, y)))
    return within / (count * (count - 1)) - 2.0 * kernel(x, y).mean()


def kernel(x, y):
    """(N, D), (M, D) -> (N, M)."""
    return (x @ y.T / x.shape[1] + 1.0) ** 3


def _subset(features, rng, size):
    rows = array_module(features).asarray(rng.choice(len(features), size, replace=False))
    return features[rows].astype(np.float64)
