"""A layer of your own, checked with the inputs, parameters and options of one of the library's.

Your file is Python, or a notebook, and is run. It must define backward as the library's layer does, and may define
forward, for which the library's stands in: its output must be that layer's, and its gradients, with the names and
shapes of the parameters, must agree with finite differences of its own forward. A tangent is checked where you define
one, running averages (fold) where the library's layer has them. Of a wrong gradient it is said which mistake gives it,
where that is known.
"""

import math

import numpy as np

from minihit import tree
from minihit.errors import UserError
from minihit.gradcheck import conduct, form, hints, precision
from minihit.gradcheck.checks import draw, run
from minihit.gradcheck.comparison import FEW, as_functions, compare_values
from minihit.gradcheck.derivatives import NotSmooth, normal
from minihit.gradcheck.results import OUTPUT
from minihit.gradcheck.signature import input_names


def compare_file(layer, check, rng, few=FEW, single=False, plants=None, large=False):
    """A Comparison of the output, and of each gradient and tangent, of the layer that user_file.load returned.

    check: the library's, from the table; single: float32 against float64; plants: as in hints.explained;
    large: whether large inputs must not overflow. Raises UserError with the file and line of an exception in the file,
    and where it computes in float32 what should be float64.
    """
    drawn = draw(check, rng)
    mine = check._replace(layer=form.fitted(layer, check, drawn))
    try:
        found, sound = compare_form(layer, mine, check, drawn, single)
        if not sound:
            return found
        if single:
            return found + precision.compare_dtypes(mine.layer, *drawn, rng, input_names(check))
        require_float64(mine, check, drawn)
        found += conduct.overflowing(mine, check, drawn) if large else []
        found += run(mine, rng, few, input_names(check))
    except NotSmooth as error:
        raise UserError(f"{layer.path} cannot be checked by finite differences: {error}") from None
    except (TypeError, ValueError, AttributeError, KeyError, IndexError) as error:  # what it returned fits nowhere
        raise UserError(f"{layer.path} cannot be checked, for what it returns is not what the library's layer returns: "
                        f"{type(error).__name__}: {error}") from None
    return hints.explained(found, mine, check, drawn, plants)


def compare_form(layer, mine, check, drawn, single):
    """(Comparisons, whether finite differences make sense): the output beside the library's; then whatever was changed
    in place, and every gradient that is missing or of another shape."""
    given = precision.cast(drawn, np.float32) if single else drawn
    forward, backward, arguments = as_functions(mine.layer, *given, input_names(check))
    output = _output(forward, check, precision.cast(given, np.float64), arguments, single)
    if math.isinf(output.share):
        return [output], False
    (y,), cache = forward(arguments)
    if not np.array_equal(y, forward(arguments)[0][0]):
        raise UserError(f"{layer.path}: forward gives other values when it is called again: take out what is random")
    dy = normal(np.random.default_rng(0), y).astype(y.dtype)
    gradients = backward([dy], cache)
    form.require_order(layer, check, drawn, gradients, arguments)
    misshapen = form.misshapen(dict(tree.items(gradients)), dict(tree.items(arguments)), dy)
    changed = conduct.changed_in_place(layer, check, given, dy)
    if misshapen:
        return [output, *changed, *misshapen], False
    return [output, *changed, *conduct.unsteady(mine, check, given, dy)], True


def require_float64(mine, check, drawn):
    """Raise UserError where forward or backward computes in float32 what it is given in float64."""
    forward, backward, arguments = as_functions(mine.layer, *drawn, input_names(check))
    (y,), _ = forward(arguments)
    dy = normal(np.random.default_rng(0), y)

    def outputs(given):
        return {"y": forward(given["arguments"])[0][0]}

    def gradients(given):
        return dict(tree.items(backward([given["dy"]], forward(given["arguments"])[1])))

    for name, function in (("forward", outputs), ("backward", gradients)):
        given = {"arguments": arguments, "dy": dy}
        rounded = [path for path, leaf in function(given).items() if leaf.dtype != np.float64]
        if rounded or precision.is_noisy(lambda given, function=function: _in_a_row(function(given)), given,
                                         np.random.default_rng(0)):
            what = f" {' and '.join(rounded)}" if rounded else ""
            raise UserError(f"{mine.layer.path}: {name} computes{what} in float32: give float64 back, x's dtype, for "
                            f"finite differences drown in its rounding, which gradcheck --dtype float32 allows for")


def _in_a_row(arrays):
    return np.concatenate([np.zeros(1), *map(np.ravel, arrays.values())])


def _output(forward, check, drawn, arguments, single):
    """The Comparison of a file's output with the library's in float64."""
    library, _, wide = as_functions(check.layer, *drawn, input_names(check))
    (expected,), _ = library(wide)
    (y,), _ = forward(arguments)
    if getattr(y, "shape", None) != np.shape(expected):
        return form.wrong(OUTPUT, np.shape(expected), f"has shape {getattr(y, 'shape', None)}")
    longest = max(leaf.size for _, leaf in tree.items([wide, expected]))
    allowed = precision.allowed(longest, abs(expected).max())
    return compare_values(y.astype(np.float64), expected, OUTPUT, **({"rtol": 0.0, "atol": allowed} if single else {}))
