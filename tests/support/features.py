"""Seeded sets of features, and what torch-fidelity says of them."""

import numpy as np

SUBSETS, SUBSET, SEED = 20, 30, 2020                                      # of the kernel distance; the last its default
CASES = [(0, 300, 250, 16), (1, 60, 60, 100), (2, 40, 500, 64)]           # seed, sizes of both sets, features
BY_TORCH_FIDELITY = {                                                     # 0.4.0, with PyTorch 2.14, in float64
    CASES[0]: {"frechet": 0.8474708469115484, "kernel distance": (0.041907215775873904, 0.2117690150946698),
               "precision and recall": (0.7319999933242798, 0.9233333468437195),
               "inception score": (1.4193664350385566, 0.050216034756982386)},
    CASES[1]: {"frechet": 59.06920830821991, "kernel distance": (0.02228715778879853, 0.0409109957963409),
               "precision and recall": (0.46666666865348816, 0.9333333373069763),
               "inception score": (1.448599644984423, 0.04957965993271983)},
    CASES[2]: {"frechet": 28.161605310376345, "kernel distance": (0.021838140234261803, 0.05002926581781418),
               "precision and recall": (0.6140000224113464, 0.875),
               "inception score": (1.392437902464758, 0.06130760413106469)},
}


def sets(seed, count=40, other_count=40, width=6):
    """Real features (count, width) and others (other_count, width), correlated, the others wider and moved."""
    rng = np.random.RandomState(seed % 2**32)
    mix = rng.standard_normal((width, width)) / np.sqrt(width)
    return rng.standard_normal((count, width)) @ mix, 1.1 * rng.standard_normal((other_count, width)) @ mix + 0.1
