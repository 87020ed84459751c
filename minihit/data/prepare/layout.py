"""What is known about the pictures of a source, and how it is put together from what the parts of it say."""

from collections import Counter
from dataclasses import dataclass, field, replace

import numpy as np

from minihit.data.store.manifest import SPLITS

MOST = 0.8  # share of the pictures that something is recognised by
MOST_CLASSES = 2**16
SHOWN = 3  # names in a sentence


@dataclass
class Layout:
    """What is known about the pictures of a source, each array with one row per picture.

    crop: side in pixels of the square that is cut from the middle, None: the largest; margin: share of the side that
    random crops take; splits: names of SPLITS, () where unknown; attributes: int8 (pictures, attribute_names), 1, -1,
    or 0 where unknown; labels: int32, places in classes, -1 where unknown.
    said: for the user, what it was recognised by and what did not fit; passed: kind -> pictures of the source that are
    none of the layout.
    """

    name: str
    pictures: list
    crop: int | None = None
    margin: float = 1.0
    splits: tuple = ()
    attribute_names: list = field(default_factory=list)
    attributes: np.ndarray | None = None
    classes: list = field(default_factory=list)
    labels: np.ndarray | None = None
    said: list = field(default_factory=list)
    passed: Counter = field(default_factory=Counter)


def most(found):
    """Whether enough of what was looked for is there: one odd file changes nothing for all others."""
    return bool(found) and sum(map(bool, found)) >= MOST * len(found)


def add_splits(layout, splits, by):
    """splits: name or None for every picture; those without one are trained on. by: what says so, for the user."""
    odd = [entry for entry, split in zip(layout.pictures, splits, strict=True) if split is None]
    if len(odd) < len(splits):  # otherwise it belongs to something else
        layout.splits = tuple(split or "train" for split in splits)
        layout.said.append(f"splits by {by}" + _but(odd, "count as train"))


def add_attributes(layout, rows, table):
    """rows: int8 (names,) or None for every picture; table: Table that they come from."""
    odd = [entry for entry, row in zip(layout.pictures, rows, strict=True) if row is None]
    if len(odd) < len(rows):
        unknown = np.zeros(len(table.names), np.int8)
        layout.attribute_names = table.names
        layout.attributes = np.stack([unknown if row is None else row for row in rows])
        layout.said.append(f"attributes by {table.label}" + _but(odd, "have none"))


def add_classes(layout, names):
    """names: that of the class of every picture, or None."""
    layout.classes = sorted(set(names) - {None})
    places = {name: place for place, name in enumerate(layout.classes)}
    layout.labels = np.array([places.get(name, -1) for name in names], np.int32)
    odd = [entry for entry, name in zip(layout.pictures, names, strict=True) if name is None]
    layout.said.append(f"{len(layout.classes):,} classes by their folders" + _but(odd, "have none"))


def in_order_of_splits(layout):
    if not layout.splits:
        return layout
    order = np.argsort([SPLITS.index(name) for name in layout.splits], kind="stable")
    return replace(layout, pictures=[layout.pictures[row] for row in order],
                   splits=tuple(layout.splits[row] for row in order),
                   attributes=None if layout.attributes is None else layout.attributes[order],
                   labels=None if layout.labels is None else layout.labels[order])


def _but(odd, what):
    if not odd:
        return ""
    names = ", ".join(entry.name for entry in odd[:SHOWN]) + (" ..." if len(odd) > SHOWN else "")
    return f" ({len(odd):,} others {what}: {names})"
