"""Images that are there twice: equal pixel for pixel once they are prepared, be their files equal or not."""

import hashlib

import numpy as np

from minihit import parallel
from minihit.data.store.manifest import SPLITS, UNKNOWN

PARTS = 64  # of the images, for threads; a hash lets go of the interpreter lock


def count_twins(images, splits=None):
    """(equal, shared): images that repeat an earlier one, and different images that stand in several splits.

    images: uint8 (N, ...), in the order of the splits; splits: name -> images, as in a Manifest; none: not split.
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


def of_store(store):
    """(equal, shared) of a Store; counted where its format is the first, which did not keep them."""
    manifest = store.manifest
    known = manifest.equal != UNKNOWN
    return (manifest.equal, manifest.shared) if known else count_twins(store.images, manifest.splits)


def sentences(equal, count, shared=0):
    """What there is to say about `count` images of which `equal` repeat an earlier one: a list of texts."""
    lone = [f"all {count:,} are the same picture, of which there is nothing to learn"] if equal == count - 1 > 0 else []
    many = [f"{equal:,} of {count:,} repeat an earlier one, pixel for pixel"] if 0 < equal < count - 1 else []
    across = [f"{shared:,} stand in more than one split, so that not all that is held out is new"] if shared else []
    return lone + many + across
