"""Tables of settings: for every field of a configuration two values and what they change."""

import dataclasses
import zlib

import numpy as np

from minihit import tree


def rows(kind, table):
    """The rows (field, value, other value, what changes) of a table; it must name every field of the dataclass once."""
    assert sorted(row[0] for row in table) == sorted(field.name for field in dataclasses.fields(kind))
    assert not [row[0] for row in table if row[1] == row[2]]
    return table


def changes(one, other):
    """The names of the facts, {name: tree of arrays, numbers or texts}, that differ by more than rounding."""
    assert one.keys() == other.keys()
    return {name for name in one if not _alike(one[name], other[name])}


def _alike(one, other):
    one, other = dict(tree.items(one)), dict(tree.items(other))
    return one.keys() == other.keys() and all(_equal(leaf, other[path]) for path, leaf in one.items())


def _equal(a, b):
    a, b = np.asarray(a), np.asarray(b)
    if a.shape != b.shape or a.dtype.kind not in "fiub":
        return np.array_equal(a, b)
    return np.allclose(a, b, rtol=1e-7, atol=1e-9)


def filled(leaves):
    """The tree with values that depend on a leaf's path and shape alone, positive ones where they are variances."""
    def values(path, leaf):
        draw = np.random.default_rng(zlib.crc32(path.encode())).standard_normal(leaf.shape)
        return 0.5 + abs(draw) if path.endswith("variance") else 0.3 * draw

    return tree.from_paths({path: values(path, leaf) for path, leaf in tree.items(leaves)}, leaves)


def shapes(leaves):
    """{path: shape}."""
    return {path: leaf.shape for path, leaf in tree.items(leaves)}
