"""Trees: nested dicts and lists of arrays with one set of names.

Parameters, gradients, Adam's averages and the moving average of the generator share their keys; the path of a leaf,
such as stages/0/cross_attention/query/weight, is its name in checkpoints, logs and test failures. The leaves of a
packed tree are views of one flat buffer, so that an optimiser is a few operations on one array.
"""

import math

from minihit import leaves


def items(tree, prefix=""):
    """Yield (path, leaf) for every leaf, in the order of the tree's own keys."""
    if isinstance(tree, dict):
        for key, child in tree.items():
            yield from items(child, f"{prefix}{key}/")
    elif isinstance(tree, (list, tuple)):
        for index, child in enumerate(tree):
            yield from items(child, f"{prefix}{index}/")
    else:
        yield prefix[:-1], tree


def map(function, tree, *others):
    """A tree of function(leaf, *leaves of the others at the same path). A key that an other lacks raises KeyError."""
    if isinstance(tree, dict):
        return {key: map(function, child, *(other[key] for other in others)) for key, child in tree.items()}
    if isinstance(tree, (list, tuple)):
        return [map(function, child, *(other[i] for other in others)) for i, child in enumerate(tree)]
    return function(tree, *others)


def add(*trees):
    """The sum of trees with the same keys, leaf by leaf."""
    return elementwise(lambda leaf, *more: sum(more, leaf), *trees)


def elementwise(function, first, *others):
    """map with a function that is elementwise, on a GPU of one array with the values of all leaves."""
    arrays = [leaf for _, leaf in items(first)]
    if len(arrays) < 2 or not leaves.at_once(arrays):
        return map(function, first, *others)
    return views(function(*(gather(tree, first, leaves.room(arrays)) for tree in (first, *others))), first)


def size(tree):
    """The number of scalars in all leaves."""
    return sum(leaf.size for _, leaf in items(tree))


def views(buffer, like):
    """A tree with the keys and shapes of like, its leaves views of the one-dimensional buffer, in like's order."""
    offset = 0

    def take(leaf):
        nonlocal offset
        start, offset = offset, offset + math.prod(leaf.shape)
        return buffer[start:offset].reshape(leaf.shape)

    return map(take, like)


def pack(tree, xp):
    """(buffer, tree): a new flat buffer with the values of all leaves, and the same tree as views of it."""
    arrays = [leaf for _, leaf in items(tree)]
    buffer = leaves.gather(arrays, xp.empty(size(tree), arrays[0].dtype))
    return buffer, views(buffer, tree)


def copy_into(target, source):
    """Overwrite the array target with the values of source."""
    target[...] = source


def gather(tree, like, out):
    """Write the leaves of tree, matched with those of like by key, into the flat array out, in like's order."""
    return leaves.gather([leaf for _, leaf in items(map(lambda _, leaf: leaf, like, tree))], out)


def from_paths(leaves, like):
    """A tree with the keys of like, its leaves taken from the dict {path: leaf}."""
    paths = iter([path for path, _ in items(like)])
    return map(lambda _: leaves[next(paths)], like)
