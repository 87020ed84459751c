"""Which mistake it is: a wrong gradient beside those that the planted mistakes give, and beside the right one."""

import numpy as np

from minihit import tree
from minihit.gradcheck import alike, patterns
from minihit.gradcheck.comparison import as_functions
from minihit.gradcheck.derivatives import normal
from minihit.gradcheck.plants import PLANTS, planted
from minihit.gradcheck.signature import input_names
from minihit.gradcheck.table import CHECKS
from minihit.ops.switch import plain

OUTPUT = "y of the library"                                               # the row of a file's output
APART = 1_000_003                                                         # from the streams that inputs are drawn from


def explained(found, mine, check, drawn, plants=None):
    """The Comparisons, with a hint where one is wrong and looks like something.

    mine, check: the learner's layer and the library's, each as a Check; drawn: what checks.draw returned; plants: the
    mistakes that may be known again, those of the table where they are None. Where the output is wrong its gradients
    are those of another function, and only the output is looked at.
    """
    if all(row.share <= 1 for row in found):
        return found
    plants = of_the_table(check) if plants is None else plants
    wrong, right = results(mine, check, drawn), results(check, check, drawn)
    output_holds = alike.same(wrong[OUTPUT], right[OUTPUT])
    told = [OUTPUT] if not output_holds else [path for path in wrong if path in right]
    return [row if row.share <= 1 or row.path not in told else
            row._replace(hint=mistake(row.path, wrong[row.path], right, check, drawn, plants)) for row in found]


def of_the_table(check):
    """The mistakes that are planted in the layer of a check, or in its variants."""
    return [plant for plant in PLANTS.values() if CHECKS[plant.check].layer is check.layer]


def mistake(path, wrong, right, check, drawn, plants):
    """How the wrong array differs from right[path] and what does that, as a sentence; "" where neither is known."""
    if wrong.shape != right[path].shape or alike.same(wrong, right[path]):
        return ""
    leaves = {name: array for name, array in right.items() if name not in (path, OUTPUT)}
    pattern = patterns.told(wrong, right[path], leaves, *made_of(check, drawn))
    for plant in plants:
        if plant.leaf in right:
            theirs = _results_where_it_fits(planted(plant, check), check, drawn)
            if path in theirs and alike.same(wrong, theirs[path]):
                return "; ".join(filter(None, [pattern, f"this is what comes out when {plant.says}"]))
    return pattern


def made_of(check, drawn):
    """({name: array}, dy): what outputs and gradients are made of, and the dy that `results` sends back."""
    forward, _, arguments = as_functions(check.layer, *drawn, input_names(check))
    with plain():                                                         # its caches are those that a reader knows
        (y,), cache = forward(arguments)
    dy = normal(np.random.default_rng([APART, 0]), y)
    found = [("dy", dy), *tree.items([arguments, drawn[2]]), *tree.items(cache)]
    return {path.removeprefix("0/").removeprefix("1/"): leaf for path, leaf in reversed(found)
            if isinstance(leaf, np.ndarray) and leaf.dtype == np.float64}, dy


def results(entry, check, drawn):
    """{path: array}: all that a layer computes from what was drawn, named as in the Comparisons of checks.run."""
    _, inputs, options = drawn
    forward, backward, arguments = as_functions(entry.layer, *drawn, input_names(check))
    for_dy, for_tangent, for_fold = (np.random.default_rng([APART, each]) for each in range(3))
    (y,), cache = forward(arguments)
    found = {OUTPUT: np.asarray(y), **dict(tree.items(backward([normal(for_dy, y)], cache)))}
    if hasattr(entry.layer, "tangent"):
        t_y = entry.layer.tangent(normal(for_tangent, inputs[0]), forward(arguments)[1])
        found["tangent"] = t_y[0] if isinstance(t_y, tuple) else t_y
    if hasattr(entry.layer, "fold") and not options:
        averages = {name: for_fold.standard_normal(inputs[0].shape[-1]) for name in ("mean", "variance")}
        folded = entry.layer.fold(averages, forward(arguments)[1])
        found |= {f"running {name}": folded[name] for name in averages}
    return found


def _results_where_it_fits(entry, check, drawn):
    """results, or none where a mistake was planted for other shapes or other parameters, as without heads."""
    try:
        return results(entry, check, drawn)
    except (ValueError, KeyError):
        return {}
