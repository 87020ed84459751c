"""Where training images come from: drawn faces without end, or a folder of pictures. Both answer the same two calls.

    images = data.take(position, count)      # uint8 (count, size, size, 3): numbers position .. position + count - 1
    images = data.held_out(count)            # uint8 (count, size, size, 3): never taken, for metrics

Nothing here remembers anything: the same position gives the same images, so a resumed run needs only its position.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from minihit.data import folder
from minihit.data.faces import faces

HELD_OUT_STREAM = 0x6865_6C64  # a spawn key: these seeds meet no other use of the run's seed
EPOCH_STREAM = 0x6570_6F63
HELD_OUT_LIMIT = 2000
HELD_OUT_SHARE = 10  # one image in ten
FEW = 20  # images of which none can be spared


@dataclass(frozen=True)
class BuiltInFaces:
    """The endless set of drawn faces (`minihit.data.faces`) at one size."""

    size: int
    seed: int

    @property
    def description(self):
        return f"built-in drawn faces at {self.size} x {self.size}, without end"

    def take(self, position, count):
        """Faces number position .. position + count - 1 of this seed's stream."""
        return faces(seed=self.seed, start=position, count=count, size=self.size)

    def held_out(self, count):
        """`count` faces of a stream that `take` never draws from."""
        sequence = np.random.SeedSequence(self.seed, spawn_key=(HELD_OUT_STREAM,))
        return faces(seed=int(sequence.generate_state(1, np.uint64)[0]), start=0, count=count, size=self.size)


@dataclass(frozen=True, eq=False)
class ImageFolder:
    """Pictures in memory, shuffled anew every epoch and mirrored at random. Open one with `ImageFolder.open`.

    training: uint8 (N, size, size, 3); validation: the same, of the images held out; seed: of order and mirroring;
    flip: mirror half of the images; skipped: what could not be read, (path, reason) each.
    """

    training: np.ndarray
    validation: np.ndarray
    seed: int
    flip: bool = True
    source: str = "memory"
    skipped: tuple = ()

    @classmethod
    def open(cls, path, size, seed, flip=True, progress=None):
        """Read a folder of pictures, or a .npy file (`minihit.data.folder.load`), and hold a part of it out.

        One image in ten is held out, 2,000 at most, the same ones for every seed, so that runs can be compared. Below
        20 images none can be spared: all are trained on, and the held-out ones are the training ones.
        Raises UserError where `path` has no images.
        """
        images, skipped = folder.load(path, size, progress)
        spared = held_out_count(len(images))
        if not spared:
            return cls(images, images, seed, flip, str(path), tuple(skipped))
        np.random.default_rng(0).shuffle(images)  # in place: both parts are then views, and nothing is held twice
        return cls(images[spared:], images[:spared], seed, flip, str(path), tuple(skipped))

    @property
    def description(self):
        size = self.training.shape[1]
        apart = self.training is not self.validation
        parts = [f"{len(self.training):,} images of {self.source} at {size} x {size}"]
        parts += [f"{len(self.validation):,} more held out" if apart else "too few to hold any out"]
        parts += [f"{len(self.skipped):,} skipped as unreadable"] if self.skipped else []
        return ", ".join(parts)

    def take(self, position, count):
        """Images number position .. position + count - 1 of an endless stream of shuffled epochs.

        Every epoch shows each training image once, in an order that depends on (seed, epoch) alone, as the mirroring
        does; a batch may lie across two epochs.
        """
        epochs, places = np.divmod(np.arange(position, position + count), len(self.training))
        images = np.empty((count, *self.training.shape[1:]), np.uint8)
        for epoch in np.unique(epochs):
            now = epochs == epoch
            order, mirrored = epoch_plan(self.seed, int(epoch), len(self.training))
            images[now] = self.training[order[places[now]]]
            if self.flip:
                chosen = np.flatnonzero(now)[mirrored[places[now]]]
                images[chosen] = images[chosen, :, ::-1]
        return images

    def held_out(self, count):
        """The first `count` held-out images, a random choice; from the first again where there are fewer."""
        return self.validation[np.arange(count) % len(self.validation)]


def held_out_count(total):
    """How many of `total` images are held out: a tenth, 2,000 at most, none of fewer than 20."""
    return 0 if total < FEW else min(total // HELD_OUT_SHARE, HELD_OUT_LIMIT)


@lru_cache(maxsize=2)  # the two epochs that a batch may lie across; the plan of 200,000 images takes 5 ms
def epoch_plan(seed, epoch, total):
    """The order of an epoch, int64 (total,), and which of its places are mirrored, bool (total,)."""
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(EPOCH_STREAM, epoch)))
    return rng.permutation(total), rng.random(total) < 0.5
