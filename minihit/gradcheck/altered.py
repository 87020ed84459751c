"""Mistakes that nobody planted: what comes out of the library's layer when one thing that it works with is another.

A wrong power, a forgotten factor, the sign of a term: each is the right backward with one array of its cache squared,
taken as one, or negated. All of these are tried, one at a time, until one gives what is to be explained.
"""

import numpy as np

from minihit import tree
from minihit.gradcheck import alike
from minihit.gradcheck.results import OUTPUT, results, worked_with
from minihit.gradcheck.signature import input_names
from minihit.ops.switch import plain

MOST = 120                                                                # arrays and numbers that are tried
WAYS = {
    "has the other sign": np.negative,
    "is taken as 1": np.ones_like,
    "is left out, as if it were 0": np.zeros_like,
    "is squared": np.square,
    "is taken to the power of 3": lambda x: x**3,
    "is inverted": lambda x: 1.0 / x,
    "is replaced by its root": np.sqrt,
    "is taken without its sign": np.abs,
    "is halved": lambda x: 0.5 * x,
    "is doubled": lambda x: 2.0 * x,
}
LINEAR = ("has the other sign", "is left out, as if it were 0", "is halved", "is doubled")
"""What shows as a factor of all gradients where it happens to dy, and is told so."""
WAYS_OF_A_MASK = {"is true everywhere": np.ones_like, "is false everywhere": np.zeros_like, "is inverted": np.invert}


def told(wrong, check, drawn):
    """{path: sentence} for those of the wrong arrays {path: array} that such a change of the library's explains."""
    found = {}
    with plain(), np.errstate(all="ignore"):
        for stage, keys, leaf in _leaves(check, drawn) if wrong else ():
            for way, function in _ways(keys, leaf).items():
                others = _results(check, drawn, stage, keys, function(leaf))
                names = [name for name in wrong if name not in found and (name == OUTPUT) == (stage == "given")]
                found |= {name: f"this is what comes out when {_name(keys, check)} {way}" for name in names
                          if name in others and alike.same(wrong[name], others[name])}
            if len(found) == len(wrong):
                break
    return found


def _leaves(check, drawn):
    """(stage, keys, leaf) of the arrays and numbers that the library's layer works with."""
    leaves = [(stage, path.split("/"), leaf) for stage, given in worked_with(check, drawn).items()
              for path, leaf in tree.items(given)]
    return [(stage, keys, leaf) for stage, keys, leaf in leaves if isinstance(leaf, (float, np.ndarray))
            and np.asarray(leaf).dtype.kind in "fb"][:MOST]


def _ways(keys, leaf):
    if np.asarray(leaf).dtype == bool:
        return WAYS_OF_A_MASK
    return {way: function for way, function in WAYS.items() if keys != ["dy"] or way not in LINEAR}


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
    return tuple(copy) if isinstance(node, tuple) else copy
