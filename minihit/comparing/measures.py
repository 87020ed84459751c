"""What is measured of two sets of pictures, of their features, and of pairs: each function finds {name: Value}, or the
sentence that says why there is none.

Shapes: images (N, S, S, 3) uint8, features (N, D) and logits (N, classes) float32, of NumPy or CuPy.
"""

from typing import NamedTuple

import numpy as np

from minihit.comparing.names import FEATURES
from minihit.errors import UserError
from minihit.metrics.frechet import frechet, statistics
from minihit.metrics.inception_score import inception_score
from minihit.metrics.kernel_distance import kernel_distance
from minihit.metrics.nearest_neighbour import nearest
from minihit.metrics.precision_recall import precision_recall
from minihit.metrics.psnr import psnr
from minihit.metrics.sliced_wasserstein import PATCH, sliced_wasserstein
from minihit.metrics.ssim import ssim
from minihit.show.images import to_float

NEIGHBOURS = 100                                                          # images whose neighbours are looked for
CHUNK_PIXELS = 2**22                                                      # of references looked at together
SUBSETS, SUBSET = 100, 1_000                                              # of kernel distances, as KID has them
STREAM = 4                                                                # of random numbers, beside those of a run


def generator(seed):
    """Of the patches of a distance and the subsets of another."""
    return np.random.default_rng([seed, STREAM])


class Value(NamedTuple):
    """A number; over subsets or pairs it is their mean, with their deviation."""

    mean: float
    deviation: float | None = None


def of_images(images, reference, rng):
    """"swd", the sliced Wasserstein distance, and "neighbour", the median distance of the first images from the
    reference that is nearest to each; of two sets of one shape."""
    return _attempted({("swd",): lambda: [_distance(images, reference, rng)],
                       ("neighbour",): lambda: [_nearest(images, reference)]})


def of_features(features, reference, rng, wanted=tuple(FEATURES)):
    """"frechet", "kid", "precision" and "recall", or what is wanted of them."""
    attempts = {
        ("frechet",): lambda: [Value(frechet(*statistics(features), *statistics(reference)))],
        ("kid",): lambda: [_kernel(features, reference, rng)],
        ("precision", "recall"): lambda: map(Value, precision_recall(reference, features)),
    }
    return _attempted({names: attempt for names, attempt in attempts.items() if {*names} & {*wanted}})


def of_logits(logits, reference, rng):
    """"inception_score", which is that of the first set alone."""
    return _attempted({("inception_score",): lambda: [Value(*inception_score(logits))]})


def of_pairs(images, originals):
    """"psnr" and "ssim"."""
    return _attempted({("psnr",): lambda: [_over(psnr(images, originals))],
                       ("ssim",): lambda: [_over(ssim(images, originals))]})


def _attempted(attempts):
    """{name: Value, or why there is none} of {names: what returns a Value for each}."""
    found = {}
    for names, attempt in attempts.items():
        try:
            found |= zip(names, attempt(), strict=True)
        except UserError as error:
            found |= dict.fromkeys(names, str(error))
    return found


def _distance(images, reference, rng):
    side = images.shape[1]
    if side < PATCH:
        raise UserError(f"sliced Wasserstein distance compares patches of {PATCH} x {PATCH} pixels, and these images "
                        f"have {side} x {side}: take larger ones")
    return Value(sliced_wasserstein(to_float(reference), to_float(images), rng)["average"])


def _nearest(images, reference):
    side = images.shape[1]
    step = max(1, CHUNK_PIXELS // side**2)
    chunks = (reference[start:start + step] for start in range(0, len(reference), step))
    _, distances = nearest(to_float(images[:NEIGHBOURS]), chunks)
    return Value(float(np.median(distances)))


def _kernel(features, reference, rng):
    """Over the subsets of KID; of sets that are no larger there is only one, and nothing to deviate."""
    if min(len(features), len(reference)) > SUBSET:
        return Value(*kernel_distance(features, reference, rng, SUBSETS, SUBSET))
    return Value(kernel_distance(features, reference, rng, 1, SUBSET)[0])


def _over(values):
    """Of pairs; equal ones have an infinite PSNR, and so has their mean, which is no mean to deviate from."""
    mean = float(values.mean())
    return Value(mean, float(values.std()) if np.isfinite(mean) else None)
