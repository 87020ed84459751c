"""Which mistake it is: a wrong gradient beside those that the planted mistakes give, and beside the right one."""

import math

import numpy as np

from minihit import tree
from minihit.gradcheck import alike, altered, patterns
from minihit.gradcheck.plants import PLANTS, planted
from minihit.gradcheck.results import OUTPUT, results, worked_with
from minihit.gradcheck.signature import input_names
from minihit.gradcheck.table import CHECKS

OF_THE_RIGHT_ONE = "it is the gradient of the right y: it is forward that is wrong"


def explained(found, mine, check, drawn, plants=None):
    """The Comparisons, with a hint where one is wrong and looks like something.

    mine, check: the learner's layer and the library's, each as a Check; drawn: what checks.draw returned; plants: the
    mistakes that may be known again, those of the table where they are None. Where the output is wrong its gradients
    are those of another function, and of them it is only said whether they are the library's.
    """
    if all(row.share <= 1 for row in found):
        return found
    theirs, right = results(mine, check, drawn), results(check, check, drawn)
    failing = {row.path: theirs[row.path] for row in found if is_off(row) and row.path in right and
               theirs[row.path].shape == right[row.path].shape}
    equal = [path for path, array in failing.items() if alike.same(array, right[path])]
    sound = alike.same(theirs[OUTPUT], right[OUTPUT])
    wrong = {path: array for path, array in failing.items() if (sound or path == OUTPUT)
             and not alike.unlike(array, right[path]) < alike.ROUNDING}
    looks = {**dict.fromkeys([] if sound else equal, OF_THE_RIGHT_ONE), **patterns_of(wrong, right, check, drawn)}
    known = mistakes({path: wrong[path] for path in wrong if path not in equal}, right, check, drawn, plants)
    names = {} if check.init else dict(zip(input_names(check), drawn[1], strict=True))

    def hinted(row):
        hint = "; ".join(filter(None, [looks.get(row.path), known.get(row.path)])) if is_off(row) else ""
        plain = is_off(row) and not hint and row.path in wrong
        return _at_its_worst(row, wrong[row.path], right[row.path], names) if plain else row._replace(hint=hint)

    return list(map(hinted, found))


def is_off(row):
    """Whether a Comparison fails for its numbers."""
    return not row.share <= 1 and not math.isnan(row.expected)


def patterns_of(wrong, right, check, drawn):
    """{path: how the wrong array differs from the right one}, as far as it can be told."""
    known = made_of(check, drawn)
    return {path: patterns.told(array, right[path], {name: leaf for name, leaf in right.items()
                                                     if name not in (path, OUTPUT)}, known, known["dy"])
            for path, array in wrong.items()}


def mistakes(wrong, right, check, drawn, plants=None):
    """{path: which mistake gives the wrong array}: one that was planted, or else one of altered.py's.

    Of a network, whose cache has many arrays, only those that were planted; and of what is wrong by a factor, which
    can come from anything that backward is linear in.
    """
    found = {}
    for plant in of_the_table(check) if plants is None else plants:
        theirs = _results_where_it_fits(planted(plant, check), check, drawn) if plant.leaf in right else {}
        found |= {path: f"this is what comes out when {plant.says}" for path, array in wrong.items()
                  if path not in found and path in theirs and alike.same(array, theirs[path])}
    rest = {path: array for path, array in wrong.items() if path not in found and (
            array.size == 1 or alike.multiple(array, right[path]) is None)
            and not alike.is_zero_beside(array, right[path])}
    return found if check.network else {**found, **altered.told(rest, check, drawn)}


def of_the_table(check):
    """The mistakes that are planted in the layer of a check, or in its variants."""
    return [plant for plant in PLANTS.values() if CHECKS[plant.check].layer is check.layer]


def made_of(check, drawn):
    """{name: array}: what outputs and gradients are made of, "dy" among them."""
    (params, inputs, options), kept = worked_with(check, drawn).values()
    trees = [dict(zip(input_names(check), inputs, strict=True)), options, kept["cache"],
             {"params": params, "averages": kept["averages"], "dy": kept["dy"]}]
    return {name: leaf for each in trees for name, leaf in tree.items(each)
            if isinstance(leaf, np.ndarray) and leaf.dtype == np.float64}


def _results_where_it_fits(entry, check, drawn):
    """results, or none where a mistake was planted for other shapes, parameters or options, as without heads."""
    try:
        return results(entry, check, drawn)
    except (ValueError, KeyError, TypeError):
        return {}


def _at_its_worst(row, wrong, right, inputs):
    """The Comparison with the value that is wrong by most, and those of inputs {name: array} of its shape there."""
    at = tuple(map(int, np.unravel_index(abs(wrong - right).argmax(), wrong.shape)))
    where = " and ".join(f"{name} is {x[at]:.3g}" for name, x in inputs.items() if x.shape == wrong.shape and at)
    along = f"at {at}, where {where}" if where else f"at {at}"
    return row._replace(along=along, actual=float(wrong[at]), expected=float(right[at]), hint="")
