"""Where training images come from: drawn faces without end, a folder of pictures, or a prepared store.

    data = open_data("celeba-64", size=64, seed=0)      # or "faces", or a folder of pictures, or a .npy file
    images = data.take(position, count)                 # uint8 (count, size, size, 3): numbers position .. + count - 1
    images = data.held_out(count)                       # uint8 (count, size, size, 3): never taken, for metrics

Nothing here remembers anything: the same position gives the same images, so a resumed run needs only its position.
Images that are kept, an `ImageSet`, can also be taken in two steps, so that they may lie on a GPU:

    images = gather(data.images, data.plan(position, count), data.size)
"""

import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np

from minihit.backend import array_module
from minihit.data import folder
from minihit.data.faces.render import faces
from minihit.data.store import twins
from minihit.data.store.manifest import SPLITS, is_store
from minihit.data.store.reader import open_store
from minihit.errors import UserError

BUILT_IN = "faces"
HELD_OUT_STREAM = 0x6865_6C64  # a spawn key: these seeds meet no other use of the run's seed
EPOCH_STREAM = 0x6570_6F63
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


@dataclass(frozen=True)
class BuiltInFaces:
    """The endless set of drawn faces (`minihit.data.faces.render`) at one size."""

    size: int
    seed: int

    @property
    def description(self):
        return f"built-in drawn faces at {self.size} x {self.size}, without end"

    @property
    def fingerprint(self):
        return f"{BUILT_IN} {self.size}"

    def take(self, position, count):
        """Faces number position .. position + count - 1 of this seed's stream."""
        return faces(seed=self.seed, start=position, count=count, size=self.size)

    def held_out(self, count):
        """`count` faces of a stream that `take` never draws from."""
        sequence = np.random.SeedSequence(self.seed, spawn_key=(HELD_OUT_STREAM,))
        return faces(seed=int(sequence.generate_state(1, np.uint64)[0]), start=0, count=count, size=self.size)


class Plan(NamedTuple):
    """Which images a batch is made of and what is done to each: small host arrays, one number per image.

    indices: int64, rows of `ImageSet.images`; tops and lefts: int64, the corner of the crop; mirrored: bool.
    """

    indices: np.ndarray
    tops: np.ndarray
    lefts: np.ndarray
    mirrored: np.ndarray


def gather(images, plan, size):
    """The batch that a Plan describes, uint8 (count, size, size, 3), of the kind of array that `images` is.

    images: uint8 (N, S, S, 3), a NumPy array or file, or a device's array. One `take` of pixels does it all.
    """
    xp, side = array_module(images), images.shape[1]
    indices, tops, lefts, mirrored = (xp.asarray(numbers)[:, None, None] for numbers in plan)
    steps = xp.arange(size)
    rows = tops + steps[:, None]                                            # (count, size, 1)
    columns = lefts + xp.where(mirrored, size - 1 - steps, steps)           # (count, 1, size)
    return images.reshape(-1, 3).take((indices * side + rows) * side + columns, axis=0)


@dataclass(frozen=True, eq=False)
class ImageSet:
    """Images that are kept, in memory or in a file, shuffled anew every epoch, cropped and mirrored at random.

    images: uint8 (N, S, S, 3); training, validation: int64, the rows that are taken and those held out;
    size: side of the batches, S or less: the rest is room for random crops; seed: of order, crops and mirroring;
    flip: mirror half of the images; source: what they are, for the description; skipped: how many could not be read;
    equal: how many repeat an earlier one; fingerprint: says whether two sets hold the same images; check: called
    before images are read, raises UserError where they are no longer what was opened; left_out: what was not taken of a
    folder and why.
    """

    images: np.ndarray
    training: np.ndarray
    validation: np.ndarray
    size: int
    seed: int
    flip: bool = True
    source: str = "memory"
    skipped: int = 0
    equal: int = 0
    fingerprint: str = ""
    check: Callable[[], None] = lambda: None
    left_out: str = ""

    @property
    def description(self):
        apart = self.training is not self.validation
        parts = [f"{len(self.training):,} images of {self.source} at {self.size} x {self.size}"]
        parts += [f"{len(self.validation):,} more held out" if apart else "too few to hold any out"]
        parts += [f"{self.skipped:,} skipped as unusable"] if self.skipped and not self.left_out else []
        parts += twins.sentences(self.equal, len(self.images))
        return ", ".join(parts) + (f"; {self.left_out}" if self.left_out else "")

    def take(self, position, count):
        """Images number position .. position + count - 1 of an endless stream of shuffled epochs.

        Every epoch shows each training image once, in an order that depends on (seed, epoch) alone, as crops and
        mirroring do; a batch may lie across two epochs. Raises UserError where the file behind them was changed.
        """
        self.check()
        return gather(self.images, self.plan(position, count), self.size)

    def plan(self, position, count):
        """The Plan of what `take` gives."""
        epochs, places = np.divmod(np.arange(position, position + count), len(self.training))
        parts = [self._part(int(epoch), places[epochs == epoch]) for epoch in np.unique(epochs)]
        return Plan(*map(np.concatenate, zip(*parts, strict=True))) if parts else self.central(np.arange(0))

    def _part(self, epoch, places):
        """The Plan of some places of one epoch."""
        order, tops, lefts, mirrored = epoch_plan(self.seed, epoch, len(self.training), self._room)
        mirrored = mirrored[places] if self.flip else np.zeros(len(places), bool)
        return Plan(self.training[order[places]], tops[places], lefts[places], mirrored)

    def held_out(self, count):
        """The first `count` held-out images, a random choice, cropped in the middle; from the first again if fewer."""
        self.check()
        chosen = self.validation[np.arange(count) % len(self.validation)]
        return gather(self.images, self.central(chosen), self.size)

    def central(self, indices):
        """The Plan of those rows of `images`, cropped in the middle."""
        corner = np.full(len(indices), self._room // 2)
        return Plan(indices, corner, corner, np.zeros(len(indices), bool))

    @property
    def _room(self):
        """Pixels that a crop can move by."""
        return self.images.shape[1] - self.size


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
                    max(manifest.equal, 0), manifest.fingerprint, store.check)


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


@lru_cache(maxsize=2)  # the two epochs that a batch may lie across; the plan of 200,000 images takes some ms
def epoch_plan(seed, epoch, total, room):
    """The order of an epoch, its crops' tops and lefts, int64, and which images are mirrored, bool; each (total,)."""
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(EPOCH_STREAM, epoch)))
    order, mirrored = rng.permutation(total), rng.random(total) < 0.5
    tops, lefts = rng.integers(room + 1, size=(2, total))
    return order, tops, lefts, mirrored
