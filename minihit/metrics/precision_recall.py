"""Precision and recall of a set of features (Kynkaanniemi et al. 2019): how much of it looks real, and how much of
what is real it shows.

A set's manifold is a ball around each of its features that reaches to its k-th neighbour in the set. Precision is the
share of fake features within the real manifold, recall that of real features within the fake one. Both change with
the number of features: compare sets of the same size only.

Shapes: real (N, D), fake (M, D), NumPy or CuPy, any float. Distances are squared and float64.
"""

import numpy as np

from minihit.backend import array_module
from minihit.errors import UserError

ROWS, COLUMNS = 512, 4096                                                 # of distances that are computed at a time
SAME = 1e-12                                                              # of |x|^2 + |y|^2: below it lies rounding


def precision_recall(real, fake, k=3):
    """(precision, recall), between 0 and 1. A feature on a ball's surface lies within, a copy of a feature counts as
    a neighbour of it.

    Raises UserError where a set has no more than k features.
    """
    if min(len(real), len(fake)) <= k:
        raise UserError(f"precision and recall look for {k} neighbours of each picture in its own set, and there are "
                        f"{len(real)} real and {len(fake)} other pictures: take more")
    xp, real_radii, fake_radii = array_module(real), radii(real, k), radii(fake, k)
    looks_real, is_shown = [], xp.zeros(len(real), bool)
    for start in range(0, len(fake), ROWS):
        distances = squared_distances(fake[start:start + ROWS], real)
        looks_real.append((distances <= real_radii).any(axis=1))
        is_shown |= (distances <= fake_radii[start:start + ROWS, None]).any(axis=0)
    return float(xp.concatenate(looks_real).mean()), float(is_shown.mean())


def radii(features, k):
    """The squared distance of each feature from its k-th neighbour: (N,). Of all distances it is that after k smaller
    ones, since the feature itself is at 0."""
    xp, found = array_module(features), []
    for start in range(0, len(features), ROWS):
        distances = squared_distances(features[start:start + ROWS], features)
        found.append(xp.partition(distances, k)[:, k].copy())             # a view would keep all distances
    return xp.concatenate(found)


def squared_distances(x, y):
    """(N, D), (M, D) -> (N, M), of copies exactly 0."""
    parts = [_part(x, y[start:start + COLUMNS]) for start in range(0, len(y), COLUMNS)]
    return array_module(x).concatenate(parts, axis=1)


def _part(x, y):
    xp, x, y = array_module(x), x.astype(np.float64), y.astype(np.float64)
    norms = (x * x).sum(axis=1)[:, None] + (y * y).sum(axis=1)
    distances = norms - 2.0 * (x @ y.T)
    return xp.where(distances > SAME * norms, distances, 0.0)
