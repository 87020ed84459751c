"""Where training images come from: drawn faces without end, or images that are kept. To open them: open.py.

    images = data.take(position, count)                 # uint8 (count, size, size, 3): numbers position .. + count - 1
    images = data.held_out(count)                       # uint8 (count, size, size, 3): never taken, for metrics

Nothing here remembers anything: the same position gives the same images, so a resumed run needs only its position.
Images that are kept, an `ImageSet`, can also be taken in two steps, so that they may lie on a GPU:

    images = gather(data.images, data.plan(position, count), data.size)
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np

from minihit.backend import array_module
from minihit.data.faces.render import faces
from minihit.data.store import twins

BUILT_IN = "faces"
HELD_OUT_STREAM = 0x6865_6C64  # a spawn key: these seeds meet no other use of the run's seed
EPOCH_STREAM = 0x6570_6F63


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
    folder and why; store: the folder of the store that they lie in.
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
    store: Path | None = None

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
        return gather(self.images, self.plan_held_out(count), self.size)

    def plan_held_out(self, count):
        """The Plan of what `held_out` gives."""
        return self.central(self.validation[np.arange(count) % len(self.validation)])

    def central(self, indices):
        """The Plan of those rows of `images`, cropped in the middle."""
        corner = np.full(len(indices), self._room // 2)
        return Plan(indices, corner, corner, np.zeros(len(indices), bool))

    @property
    def _room(self):
        """Pixels that a crop can move by."""
        return self.images.shape[1] - self.size


@lru_cache(maxsize=2)  # the two epochs that a batch may lie across; the plan of 200,000 images takes some ms
def epoch_plan(seed, epoch, total, room):
    """The order of an epoch, its crops' tops and lefts, int64, and which images are mirrored, bool; each (total,)."""
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(EPOCH_STREAM, epoch)))
    order, mirrored = rng.permutation(total), rng.random(total) < 0.5
    tops, lefts = rng.integers(room + 1, size=(2, total))
    return order, tops, lefts, mirrored
