"""What the functions of somebody's file do beside returning numbers: what they change in place, what they remember of
other calls, and where they overflow.

Shapes: dy that of the output.
"""

import copy

import numpy as np

from minihit import tree
from minihit.gradcheck.comparison import as_functions
from minihit.gradcheck.exceptions import InFile
from minihit.gradcheck.form import fitted, wrong
from minihit.gradcheck.results import OUTPUT, results
from minihit.gradcheck.signature import input_names

LARGE = 10000.0                                                           # times the inputs: exp(710) is infinite


def changed_in_place(layer, check, drawn, dy):
    """A Comparison for each array that forward or backward of a file changes, with the line that does."""
    layer = fitted(layer, check, drawn, copies=False)

    def run(frozen=None):
        """({path: array} before, and the same after) a forward and a backward; frozen: a path that must not change."""
        given = copy.deepcopy((drawn, dy))
        arrays = _arrays(check, *given)
        if frozen in arrays:
            arrays[frozen].flags.writeable = False
        forward, backward, arguments = as_functions(layer, *given[0], input_names(check))
        (y,), cache = forward(arguments)
        before = {**_arrays(check, drawn, dy), "y": y.copy()}
        if frozen == "y":
            y.flags.writeable = False
        backward([given[1]], cache)
        return before, {**arrays, "y": y}

    def place(path):
        try:
            run(frozen=path)
        except InFile as refusal:
            return refusal.place
        return ""

    before, after = run()
    changed = [path for path in before if not np.array_equal(before[path], after[path])]
    return [wrong(path, before[path].shape, f"was changed in place{place(path)}: work on a copy") for path in changed]


def unsteady(mine, check, drawn, dy):
    """A Comparison for each gradient that depends on more than dy and the cache, or changes the cache."""
    forward, backward, arguments = as_functions(mine.layer, *drawn, input_names(check))
    cache, spare = forward(arguments)[1], forward(arguments)[1]
    first, second = (dict(tree.items(backward([dy], cache))) for _ in range(2))
    forward(tree.map(lambda leaf: -1.5 * leaf, arguments))
    late = dict(tree.items(backward([dy], spare)))
    reasons = ((second, "backward is called again with the same cache: it changes what is in there"),
               (late, "forward is called for others before backward: it reads what is not in its cache, as a global"))
    return [wrong(path, leaf.shape, f"is another where {reason}") for other, reason in reasons
            for path, leaf in first.items() if not np.array_equal(leaf, other[path], equal_nan=True)]


def overflowing(mine, check, drawn):
    """A Comparison for the output, or else each gradient, that is no number, for large inputs alone."""
    params, inputs, options = drawn
    large = params, tuple(LARGE * x for x in inputs), options
    with np.errstate(all="ignore"):
        theirs = results(mine, check, large)
        over = [path for path, array in theirs.items() if not np.isfinite(array).all()]
        if not over:
            return []
        usual, right = results(mine, check, drawn), results(check, check, large)
    over = [path for path in over if np.isfinite(right[path]).all() and np.isfinite(usual[path]).all()]
    these = f"{' and '.join(input_names(check))} {'are' if len(inputs) > 1 else 'is'}"
    how = f"is no number where {these} {LARGE:.0f} times as large: something overflows"
    return [wrong(path, theirs[path].shape, how) for path in over if path == OUTPUT or OUTPUT not in over]


def _arrays(check, drawn, dy):
    """{path: array} of all that a layer is given."""
    params, inputs, options = drawn
    given = {**dict(zip(input_names(check), inputs, strict=True)), "params": params, **options, "dy": dy}
    return {path: leaf for path, leaf in tree.items(given) if isinstance(leaf, np.ndarray)}
