"""Two sets of pictures, or of features, and every measure of them beside real against real: the rows of a report."""

import math
from typing import NamedTuple

import numpy as np

from minihit.backend import device_module
from minihit.comparing import measures
from minihit.comparing.names import PICTURES
from minihit.comparing.report import Row, Sets

MOST = {"neighbour": measures.NEIGHBOURS}                                 # pictures, of measures that look at no more
ALONE = "one picture has no other half"


class Sides(NamedTuple):
    """Two sets that are compared, and other real ones or None: arrays (N, ...) of images or features; and a phrase for
    each."""

    pictures: np.ndarray
    reference: np.ndarray
    others: np.ndarray | None
    words: tuple

    def on(self, device):
        """The same with arrays of a device."""
        return self._each(device_module(device).asarray)

    def columns(self, part):
        """The same with a slice of each array's second axis."""
        return self._each(lambda array: array[:, part])

    def _each(self, change):
        arrays = (array if array is None else change(array) for array in self[:-1])
        return Sides(*arrays, self.words)

    def yardstick(self):
        """The Sides that stand for real against real: as many others as there are references, and these; or every
        other reference, and those between."""
        _, what, *other = self.words
        if self.others is None:
            count = len(self.reference) // 2
            return Sides(self.reference[1::2][:count], self.reference[::2][:count], None, (what, "others of them"))
        count = min(len(self.reference), len(self.others))
        return Sides(self.others[:count], self.reference[:count], None, (*other, what))

    def sets(self, most):
        """As a report names them."""
        return Sets(min(len(self.pictures), most), self.words[0], len(self.reference), self.words[1])


def of_sets(measure, sides, rngs, name_of, ending=""):
    """Yield a Row for each measure of sets.

    measure: a function of measures.py, of two sets and a generator; rngs: of the sets and of their yardstick; name_of:
    the Name of each of its measures; ending: of their names in the log.
    """
    found, real = measure(sides.pictures, sides.reference, rngs[0]), sides.yardstick()
    beside = measure(real.pictures, real.reference, rngs[1]) if len(real.pictures) else dict.fromkeys(found, ALONE)
    for key, value in found.items():
        name, most = name_of(key), MOST.get(key, math.inf)
        yield Row(name.log + ending, name.title, value, name.looked_at, sides.sets(most), beside[key], real.sets(most))


def of_pairs(images, originals, words):
    """Yield a Row for each measure of pairs, which have no yardstick; words: a phrase for either side."""
    sets = Sides(images, originals, None, words).sets(math.inf)
    for key, value in measures.of_pairs(images, originals).items():
        yield Row(PICTURES[key].log, PICTURES[key].title, value, PICTURES[key].looked_at, sets)
