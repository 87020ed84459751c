"""A data set by its name: drawn faces, a prepared store, a folder of pictures; and which of its images are held out.

    data = open_data("celeba-64", size=64, seed=0)      # or "faces", or a folder of pictures, or a .npy file
"""

import hashlib
import os
from pathlib import Path

import numpy as np

from minihit.data import folder
from minihit.data.dataset import BUILT_IN, BuiltInFaces, ImageSet
from minihit.data.store import twins
from minihit.data.store.manifest import SPLITS, is_store
from minihit.data.store.reader import open_store
from minihit.errors import UserError

HELD_OUT_LIMIT = 2000
HELD_OUT_SHARE = 10  # one image in ten
FEW = 20  # images of which none can be spared
PACKED = (".zip", ".parquet")


def meant(name):
    """A name that a person wrote as open_data takes it: a folder or store called "faces", where there is one, is
    "./faces", and the drawn faces are meant only where there is none."""
    return os.path.join(".", name) if name == BUILT_IN and os.path.exists(name) else name


def open_data(name, size, seed, flip=True, progress=None, needed=0):
    """The data set of that name for a network of that image size.

    name: "faces", the built-in ones; a store that `minihit data prepare` made; a folder of pictures or a .npy file,
        which are read into memory. seed: of order, mirroring and crops. flip: mirror half of the images.
    progress: called as progress(done, total) with the images of a folder that are read, or of a store that are checked.
    needed: bytes of memory that training takes besides.
    Raises UserError where there is no such data, where a store was made for another size, and where a folder takes more
    memory than there is.
    """
    if name == BUILT_IN:
        return BuiltInFaces(size, seed)
    name = os.path.expanduser(name)
    if is_store(name):
        return of_store(open_store(name, progress), size, seed, flip)
    if Path(name).suffix.lower() in PACKED:
        raise UserError(f"{name} has to be prepared for training once: minihit data prepare {name} STORE "
                        f"--size {size}, and then train with --data STORE")
    return of_folder(name, size, seed, flip, progress, needed)


def of_folder(path, size, seed, flip=True, progress=None, needed=0):
    """An ImageSet of a folder of pictures or a .npy file (`minihit.data.folder.load`), with a part of it held out.

    One image in ten is held out, 2,000 at most, the same ones for every seed, so that runs can be compared. Below 20
    images none can be spared: all are trained on, and the held-out ones are the training ones.
    Raises UserError where `path` has no images, or more than fit into memory.
    """
    left_out = []
    images, skipped = folder.load(path, size, progress, needed, left_out.append)
    training, validation = split(np.arange(len(images)))
    equal, _ = twins.count_twins(images)
    return ImageSet(images, training, validation, size, seed, flip, str(path), len(skipped), equal,
                    hashlib.sha256(images).hexdigest(), left_out="; ".join(left_out))


def of_store(store, size, seed, flip=True):
    """An ImageSet of a Store (`minihit.data.store.reader`): its training split, with its validation split held out.

    The test split takes the place of a missing validation split; without either, one training image in ten is held
    out as in `of_folder`. Raises UserError where the store was made for another size.
    """
    manifest = store.manifest
    if manifest.size != size:
        raise UserError(f"the images of {store.path} are {manifest.size} x {manifest.size} and the network's "
                        f"{size} x {size}: minihit data prepare {manifest.source} ANOTHER_STORE --size {size}")
    training, *others = (store.rows(name) for name in SPLITS)
    validation = next((rows for rows in others if len(rows)), [])
    if len(training) and len(validation):
        validation = np.random.default_rng(0).permutation(validation)
    else:
        training, validation = split(training if len(training) else np.arange(manifest.count))
    return ImageSet(store.images, training, validation, size, seed, flip, str(store.path), manifest.skipped,
                    max(manifest.equal, 0), manifest.fingerprint, store.check, store=store.path)


def split(rows):
    """(training, validation): a random choice of `rows` held out, the same every time; twice `rows` where few."""
    spared = held_out_count(len(rows))
    if not spared:
        return rows, rows
    rows = np.random.default_rng(0).permutation(rows)
    return np.sort(rows[spared:]), rows[:spared]


def held_out_count(total):
    """How many of `total` images are held out: a tenth, 2,000 at most, none of fewer than 20."""
    return 0 if total < FEW else min(total // HELD_OUT_SHARE, HELD_OUT_LIMIT)
