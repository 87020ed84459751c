"""Sets of pictures that are to be compared, each with what is known of it: names, features that are kept, and other
real images of the same data."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from minihit.comparing import kept
from minihit.data.dataset import ImageSet, gather

PARTS = "held-out", "training"                                            # of a data set


@dataclass(frozen=True, eq=False)
class Pictures:
    """images: uint8 (N, S, S, 3); what: a phrase for them, without their number; names: of each, () where they have
    none; others: called for Pictures of as many other real images of the same data, or fewer where there are not as
    many; kept: called as kept(extractor, report) for features of these images, where they may lie somewhere."""

    images: np.ndarray
    what: str
    names: tuple = ()
    others: Callable | None = None
    kept: Callable | None = None

    def __len__(self):
        return len(self.images)

    def first(self, count):
        return replace(self, images=self.images[:count], names=self.names[:count])

    def features(self, extractor, report=print):
        """All that the extractor finds, (N, D) float32, logits last where there are any."""
        return self.kept(extractor, report)[:len(self)] if self.kept else kept.of_images(self.images, extractor)


def available(data, part):
    """How many pictures a part of a data set has; the drawn faces have no end."""
    if not isinstance(data, ImageSet):
        return math.inf
    return len(data.training if part == "training" else data.validation)


def of_data(data, name, count, part="held-out", names=None):
    """The first `count` of what a data set holds out, or of what it trains on in a random order, no picture twice; and
    others from its other part, of the training images those that a run takes first.

    names: of all its images, a sequence, where they have any.
    """
    if not isinstance(data, ImageSet):
        return _of_faces(data, count, part)
    apart, rows = data.validation is not data.training, _rows(data, part)[:count]
    here = _planned(data, data.central(rows), part, f"{f'{part} ' * apart}pictures of {name}")
    here = replace(here, names=tuple(names[row] for row in rows) if names else ())
    if not apart:
        return here
    if part == "training":
        other = data.central(_rows(data, "held-out")[:count]), "held-out", f"held-out pictures of {name}"
    else:
        other = data.plan(0, min(count, len(data.training))), "taken", f"training pictures of {name}"
    return replace(here, others=lambda: _planned(data, *other))


def _rows(data, part):
    """The same every time; mixed, since of a folder of classes the first are all of one."""
    return np.random.default_rng(0).permutation(data.training) if part == "training" else np.asarray(data.validation)


def _of_faces(data, count, part):
    """Of the drawn faces, of which there is no end."""
    takes = {"held-out": data.held_out, "training": lambda count: data.take(0, count)}
    (other,) = {*PARTS} - {part}
    return Pictures(takes[part](count), f"{part} pictures of faces",
                    others=lambda: Pictures(takes[other](count), f"{other} pictures of faces"))


def _planned(data, plan, part, what):
    """The images of a Plan, whose features are kept where they are those of a store."""
    data.check()
    return Pictures(gather(data.images, plan, data.size), what,
                    kept=lambda extractor, report: kept.of_plan(data, plan, part, extractor, report))
