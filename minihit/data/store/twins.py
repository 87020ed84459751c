"""Images that are there twice: equal pixel for pixel once they are prepared, be their files equal or not."""

import hashlib

import numpy as np

from minihit import parallel
from minihit.data.store.manifest import SPLITS, UNKNOWN

PARTS = 64  # of the images, for threads; a hash lets go of the interpreter lock


def count_twins(images, splits):
    """(equal, shared): images that are the same as an earlier one, and different images that stand in several splits.

    images: uint8 (N, ...), in the order of the splits; splits: name -> images, as in a Manifest.
    """
    hashes = np.concatenate(parallel.run(_hashes, np.array_split(images, PARTS)))                 # (N,)
    different, number = np.unique(hashes, return_inverse=True)
    split = np.repeat(np.arange(len(splits)), list(splits.values())) if splits else np.zeros(len(hashes), int)
    places = np.unique(number.reshape(-1) * len(SPLITS) + split)
    return len(hashes) - len(different), int((np.bincount(places // len(SPLITS)) > 1).sum())


def _hashes(images):
    """uint64 (N,): of a million images two different ones have the same once in a hundred million times."""
    return np.array([int.from_bytes(hashlib.blake2b(image, digest_size=8).digest(), "little") for image in images],
                    np.uint64)


def describe(store):
    """Lines that say how many of a Store's images are there twice; none where none is."""
    equal, shared = store.manifest.equal, store.manifest.shared
    if equal == UNKNOWN:  # the first format
        equal, shared = count_twins(store.images, store.manifest.splits)
    yield from describe_equal(equal, store.manifest.count)
    if shared:
        yield (f"{shared:,} stand in more than one split: distances from held-out images are flattered by as many")


def describe_equal(equal, count):
    if equal and equal == count - 1:
        yield f"all {count:,} images are equal: there is nothing to learn from them but one picture"
    elif equal:
        yield f"{equal:,} of {count:,} images are equal to another one, pixel for pixel"
