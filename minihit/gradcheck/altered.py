"""Mistakes that nobody planted: what comes out of the library's layer when one thing that it works with is another.

A wrong power, a forgotten factor, the sign of a term: each is the right backward with one array of its cache squared,
taken as one, or negated. A name that was mistaken is one array in the place of another; a sum that lacks terms, a dy
that is zero in some places; an option that is not looked at, one that is left out. All of these are tried, one at a
time, until one gives what is to be explained; and of what is left out two together, as uses of an input.
"""

from itertools import combinations

import numpy as np

from minihit import tree
from minihit.gradcheck import alike
from minihit.gradcheck.results import OUTPUT, results, worked_with
from minihit.gradcheck.signature import input_names
from minihit.ops.switch import plain

MOST = 120                                                                # arrays and numbers that are tried
LEFT_OUT = "is left out, as if it were 0"
WAYS = {
    "has the other sign": np.negative,
    "is taken as 1": np.ones_like,
    LEFT_OUT: np.zeros_like,
    "is squared": np.square,
    "is taken to the power of 3": lambda x: x**3,
    "is inverted": lambda x: 1.0 / x,
    "is replaced by its root": np.sqrt,
    "is taken without its sign": np.abs,
    "is halved": lambda x: 0.5 * x,
    "is doubled": lambda x: 2.0 * x,
}
LINEAR = ("has the other sign", LEFT_OUT, "is halved", "is doubled")
"""What shows as a factor of all gradients where it happens to dy, and is told so."""
WAYS_OF_A_MASK = {"is true everywhere": np.ones_like, "is false everywhere": np.zeros_like, "is inverted": np.invert}
WAYS_OF_A_COUNT = {"is one more": lambda n: n + 1, "is one less": lambda n: n - 1}
ABSENT = object()                                                         # in the place of an option


def told(wrong, check, drawn):
    """{path: sentence} for those of the wrong arrays {path: array} that such a change of the library's explains."""
    if not wrong:
        return {}
    found, effects = {}, {}
    with plain(), np.errstate(all="ignore"):
        right = results(check, check, drawn)
        for stage, keys, way, value in _changes(check, drawn):
            others, name = _results(check, drawn, stage, keys, value), _name(keys, check)
            if way == LEFT_OUT and stage == "kept":
                effects[name] = {path: others[path] - right[path] for path in others
                                 if path in wrong and others[path].shape == right[path].shape}
            found |= {path: f"this is what comes out when {name} {way}" for path in wrong
                      if path not in found and (value is ABSENT or (path == OUTPUT) == (stage == "given"))
                      and path in others and alike.same(wrong[path], others[path])}
            if len(found) == len(wrong):
                break
    return {**{path: two for path in wrong if (two := _two(wrong[path] - right[path], path, effects))}, **found}


def _changes(check, drawn):
    """Yield (stage, keys, in words, another value) of all that the library's layer works with."""
    leaves = _leaves(check, drawn)
    for stage, keys, leaf in leaves:
        for way, function in _ways(keys, leaf).items():
            yield stage, keys, way, function(leaf)
    for name in drawn[2]:
        yield "given", ["2", name], "is not looked at", ABSENT
    for stage, keys, leaf in leaves:
        if keys == ["dy"]:
            yield from ((stage, keys, *change) for change in _in_places(leaf))
        elif keys[0] == "cache":
            yield from ((stage, keys, *change) for change in _by_others(keys, leaf, leaves, check))


def _leaves(check, drawn):
    """(stage, keys, leaf) of the arrays and numbers that the library's layer works with."""
    leaves = [(stage, path.split("/"), leaf) for stage, given in worked_with(check, drawn).items()
              for path, leaf in tree.items(given)]
    return [(stage, keys, leaf) for stage, keys, leaf in leaves if (type(leaf) is int and stage == "given") or (
            isinstance(leaf, (float, np.ndarray)) and np.asarray(leaf).dtype.kind in "fb")][:MOST]


def _ways(keys, leaf):
    if type(leaf) is int:
        return WAYS_OF_A_COUNT
    if np.asarray(leaf).dtype == bool:
        return WAYS_OF_A_MASK
    return {way: function for way, function in WAYS.items() if keys != ["dy"] or way not in LINEAR}


def _in_places(dy):
    """(in words, dy) that is zero at the first or the last index of an axis, or everywhere else."""
    for axis in alike.long_axes(dy):
        for at in (0, dy.shape[axis] - 1):
            there = np.indices(dy.shape, sparse=True)[axis] == at
            yield f"counts at {at} of axis {axis} alone", dy * there
            yield f"is left out at {at} of axis {axis}", dy * ~there


def _by_others(keys, leaf, leaves, check):
    """(in words, value) of an array of the cache that is mistaken for another, or has it as a factor."""
    for _, place, other in leaves:
        beside = place[0] in ("1", "dy") or place[:-1] == keys[:-1]
        if place == keys or not beside or not all(
                isinstance(each, np.ndarray) and each.dtype == float for each in (leaf, other)):
            continue
        if other.shape == leaf.shape:
            yield f"is mistaken for {_name(place, check)}", other
        if alike.fits(other, leaf):
            yield f"is multiplied by {_name(place, check)}", leaf * other
            yield f"is divided by {_name(place, check)}", leaf / other


def _two(error, path, effects):
    """A sentence where an error is that of two things that are left out."""
    for (a, of_a), (b, of_b) in combinations(effects.items(), 2):
        if path in of_a and path in of_b and of_a[path].any() and of_b[path].any() and alike.same(
                error, of_a[path] + of_b[path]):
            return f"this is what comes out when {a} and {b} are left out, as if they were 0"
    return ""


def _name(keys, check):
    """Where a leaf is, for a reader: value/weight of the cache, params/value/weight, x."""
    first, *rest = keys
    if first == "1":
        first = input_names(check)[int(rest.pop(0))]
    return "/".join([*({"cache": (), "2": (), "0": ("params",)}.get(first, (first,))), *rest])


def _results(check, drawn, stage, keys, value):
    """What comes out with another value there; nothing where it makes no sense."""
    try:
        return results(check, check, drawn,
                       lambda here, given: _replaced(given, keys, value) if here == stage else given)
    except (ValueError, TypeError, ArithmeticError, IndexError):
        return {}


def _replaced(node, keys, value):
    """Nested dicts, lists and tuples with another leaf at the end of the keys."""
    if not keys:
        return value
    key = keys[0] if isinstance(node, dict) else int(keys[0])
    copy = dict(node) if isinstance(node, dict) else list(node)
    copy[key] = _replaced(node[key], keys[1:], value)
    if copy[key] is ABSENT:
        del copy[key]
    return tuple(copy) if isinstance(node, tuple) else copy
