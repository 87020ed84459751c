"""Where pictures lie that are to be compared: a folder, a zip, Parquet files, a .npy file; a store; or nowhere, as the
drawn faces.

    with open_set("photos.zip") as source:
        pictures = source.take(min(source.count, 1_000), source.size or source.own_size())
"""

import contextlib
import math
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np

from minihit.comparing.pictures import Pictures, available, of_data
from minihit.data import folder
from minihit.data.dataset import BUILT_IN, BuiltInFaces
from minihit.data.open import meant, of_store
from minihit.data.prepare.account import account, remarks
from minihit.data.prepare.decode import inspect
from minihit.data.prepare.reading import read
from minihit.data.prepare.sources import open_source
from minihit.data.prepare.square import Square
from minihit.data.store.manifest import is_store
from minihit.data.store.reader import open_store
from minihit.errors import UserError

SHOWN = 3                                                                 # reasons in a message
FACES = 32                                                                # side of the drawn ones where nobody says


class Source(NamedTuple):
    """name: as it was given; take(count, size): Pictures of that side, at most so many; count: pictures that there
    are; size: the side of those that have one for good; own_size(): the shorter side of the first of others."""

    name: str
    take: Callable
    count: float
    size: int | None = None
    own_size: Callable | None = None


def agreed_size(wanted, sources, report=print):
    """The side that Sources can have in common: that of one which has one for good, else the wanted one, or that of the
    first picture. Raises UserError where they cannot."""
    fixed = {source.size: source.name for source in sources if source.size}
    if len(fixed) == 2:
        (one, name), (other, another) = fixed.items()
        raise UserError(f"the images of {name} have {one} x {one} pixels and those of {another} {other} x {other}: "
                        f"give sets of one size, or a folder, whose pictures are brought to any")
    if wanted and fixed.keys() - {wanted}:
        (side, name), = fixed.items()
        raise UserError(f"the images of {name} have {side} x {side} pixels and not {wanted} x {wanted}: give pictures "
                        f"of one size, or a folder, whose pictures are brought to any")
    own = {source.name: source.own_size() for source in sources if source.own_size}
    size = next(iter(fixed), None) or wanted or next(iter(own.values()), FACES)
    for name, side in own.items():
        if side != size:
            report(f"pictures of {name} are brought from {side} pixels, the shorter side of the first, to {size}")
    return size


@contextlib.contextmanager
def open_set(name, part="held-out", seed=0, report=print):
    """The Source of that name, a str or Path, while the block runs.

    part: of a store and of the drawn faces, "held-out" or "training"; seed: of the drawn faces, and of the choice where
    fewer pictures are taken than there are; report: is told what was not taken.
    Raises UserError where there is nothing that can be read.
    """
    name = meant(str(name))
    path = Path(name).expanduser()
    if name == BUILT_IN:
        yield Source(name, lambda count, size: of_data(BuiltInFaces(size, seed), name, count, part), math.inf)
    elif is_store(path):
        store = open_store(path)
        yield of_data_set(of_store(store, store.manifest.size, seed=0), name, part, store.names)
    elif path.is_file() and path.suffix.lower() == ".npy":
        yield _of_array(name, path, seed, report)
    else:
        with open_source(path) as opened:
            yield Source(name, lambda count, size: _files(opened, count, Square(size), seed, report),
                         len(opened.pictures), own_size=lambda: _first_side(opened))


def of_data_set(data, name, part, names=None):
    """The Source of a part of an opened data set; names: as of_data takes them."""
    return Source(name, lambda count, size: of_data(data, name, count, part, names), available(data, part), data.size)


def _of_array(name, path, seed, report):
    array = folder.open_array(path)

    def take(count, size):
        rows = _chosen(len(array), count, seed, path, report)
        return Pictures(np.stack([*folder.squares(path, array, Square(size), rows)]), f"pictures of {name}")

    return Source(name, take, len(array), own_size=lambda: min(array.shape[1:3]))


def _files(source, count, square, seed, report):
    """Pictures of the files of a folder or zip, or in the rows of Parquet files; what is not taken is accounted for."""
    rows = _chosen(len(source.pictures), count, seed, source.path, report)
    entries = [source.pictures[row] for row in rows]
    outcomes = [*read(source, entries, square)]
    names = [entry.name for entry, outcome in zip(entries, outcomes, strict=True) if not isinstance(outcome, str)]
    images = [outcome for outcome in outcomes if not isinstance(outcome, str)]
    bad = [outcome for outcome in outcomes if isinstance(outcome, str)]
    if not images:
        raise UserError(f"none of the {len(bad):,} pictures in {source.path} can be used: {'; '.join(bad[:SHOWN])}")
    line = account(len(images), bad, source.passed, source.closed)
    for words in [line] * bool(line) + list(remarks(source.doubts)):
        report(f"{source.path}: {words}")
    return Pictures(np.stack(images), f"pictures of {source.path}", tuple(names))


def _first_side(source):
    """The shorter side of the first picture that shows it."""
    for entry in source.pictures:
        with contextlib.suppress(Exception), source.open(entry) as file:  # a damaged file makes decoders raise anything
            return min(inspect(file))
    raise UserError(f"no picture in {source.path} can be read: give others")


def _chosen(total, count, seed, path, report):
    """The rows of so many of them at most: all, or a random choice in their order."""
    if total <= count:
        return np.arange(total)
    report(f"{count:,} of the {total:,} pictures of {path} are compared, a random choice by --seed")
    return np.sort(np.random.default_rng(seed).permutation(total)[:count])
