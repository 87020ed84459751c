"""What is compared with what, as sets or in pairs, and all rows of a report on it."""

from typing import NamedTuple

from minihit.backend import device_module
from minihit.comparing import compare, looks, measures
from minihit.comparing.names import PICTURES
from minihit.comparing.pictures import Pictures
from minihit.comparing.report import Row


class Comparison(NamedTuple):
    """pictures and reference, equally many of one size; sets, pairs: what they are compared as; seed: of measures on
    features; rngs: of the sliced Wasserstein distance and of its yardstick; ending: of the names of measures of sets;
    neighbour: a Row that takes the place of that of nearest neighbours in the reference."""

    pictures: Pictures
    reference: Pictures
    seed: int
    rngs: tuple
    sets: bool = True
    pairs: bool = False
    ending: str = ""
    neighbour: Row | None = None


def rows(comparison, look, device="cpu", report=print):
    """Yield the Rows of a Comparison; look: the Look of its measures on features."""
    pictures, reference = comparison.pictures, comparison.reference
    if comparison.sets:
        others = reference.others() if reference.others else None
        for row in _of_images(comparison, others, device):
            yield comparison.neighbour if comparison.neighbour and row.name == "neighbour" else row
        yield from looks.of_sets(look, pictures, reference, others, comparison.seed, comparison.ending, device, report)
    if comparison.pairs:
        xp = device_module(device)
        yield from compare.of_pairs(xp.asarray(pictures.images), xp.asarray(reference.images),
                                    (pictures.what, reference.what))


def _of_images(comparison, others, device):
    sets = comparison.pictures, comparison.reference, others
    sides = compare.Sides(*(each and each.images for each in sets), tuple(each and each.what for each in sets))
    return compare.of_sets(measures.of_images, sides.on(device), comparison.rngs, PICTURES.get, comparison.ending)
