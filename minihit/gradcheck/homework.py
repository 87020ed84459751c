"""A layer of your own, checked with the inputs, parameters and options of one of the library's.

Your file is Python and is run. It must define forward and backward as the library's layer does: its output must be that
layer's, and its gradients, with the names and shapes of the parameters, must agree with finite differences of its own
forward. A tangent is checked where you define one, running averages (fold) where the library's layer has them.
"""

import inspect
import math
import types
from functools import wraps

import numpy as np

from minihit import tree
from minihit.errors import UserError
from minihit.gradcheck.checks import draw, run
from minihit.gradcheck.comparison import FEW, Comparison, as_functions, compare_values
from minihit.gradcheck.precision import compare_dtypes


def compare_file(layer, check, rng, few=FEW, single=False):
    """A Comparison of the output, and of each gradient and tangent, of the layer that user_file.load returned.

    check: the library's, from the table; single: float32 against float64. Raises UserError with the file and line of an
    exception in the file.
    """
    drawn, layer = draw(check, rng), types.SimpleNamespace(**vars(layer))
    names = [name for name in inspect.signature(check.layer.forward).parameters if name != "params"]
    if not hasattr(check.layer, "fold"):
        vars(layer).pop("fold", None)
    try:
        found, sound = compare_form(layer, check, drawn, names)
        if not sound:
            return found
        if single:
            return found + compare_dtypes(layer, *drawn, rng, names)
        return found + run(check._replace(layer=layer), rng, few, names)
    except (TypeError, ValueError, AttributeError, KeyError, IndexError) as error:  # what it returned fits nowhere
        raise UserError(f"{layer.path} cannot be checked, for what it returns is not what the library's layer returns: "
                        f"{type(error).__name__}: {error}") from None


def compare_form(layer, check, drawn, names):
    """(Comparisons, whether finite differences make sense): the output beside the library's; then whatever was changed
    in place, and every gradient that is missing or of another shape."""
    forward, _, arguments = as_functions(check.layer, *drawn, names)
    (expected,), _ = forward(arguments)
    _require_call(layer, drawn)
    layer.forward = _returning(layer.forward, 2, f"{layer.path}: forward")
    layer.backward = _returning(layer.backward, len(arguments), f"{layer.path}: backward")
    forward, backward, arguments = as_functions(layer, *drawn, names)
    given = {**arguments, "dy": np.random.default_rng(0).standard_normal(expected.shape)}
    before = tree.map(np.copy, given)
    (y,), cache = forward(arguments)
    output = _compare_output(y, expected)
    if math.isinf(output.share):
        return [output], False
    gradients = backward([given["dy"]], cache)
    wrong = [*_changed(given, before), *_misshapen(dict(tree.items(gradients)), dict(tree.items(arguments)))]
    return [output, *wrong], not wrong


def _compare_output(y, expected):
    if getattr(y, "shape", None) != expected.shape:
        return _wrong("y of the library", expected.shape, f"has shape {getattr(y, 'shape', None)}")
    return compare_values(y, expected, "y of the library")


def _changed(given, before):
    """A Comparison for each array that is no longer what it was."""
    return [_wrong(path, leaf.shape, "was changed in place") for (path, leaf), (_, old) in
            zip(tree.items(given), tree.items(before), strict=True) if not np.array_equal(leaf, old)]


def _misshapen(gradients, leaves):
    """A Comparison for each gradient that is missing, superfluous or of another shape."""
    missing = [_wrong(path, leaf.shape, "has no gradient") for path, leaf in leaves.items() if path not in gradients]
    extra = [_wrong(path, (), "is no parameter") for path in gradients if path not in leaves]
    shapes = {path: getattr(gradients[path], "shape", None) for path in leaves if path in gradients}
    return missing + extra + [_wrong(path, leaves[path].shape, f"has a gradient of shape {shape}")
                              for path, shape in shapes.items() if shape != leaves[path].shape]


def _wrong(path, shape, how):
    return Comparison(path, shape, how, math.nan, math.nan, math.inf)


def _require_call(layer, drawn):
    """Raise UserError where forward cannot be called as the library's is."""
    params, inputs, options = drawn
    try:
        inspect.signature(layer.forward).bind(*([] if params is None else [params]), *inputs, **options)
    except TypeError as error:
        called = ", ".join(["params"] * (params is not None) + ["an input"] * len(inputs) + [*options])
        raise UserError(f"{layer.path}: forward cannot be called with {called}, as the library's is: {error}") from None


def _returning(function, count, what):
    """The function, refused where it does not return so many values."""
    @wraps(function)
    def call(*args, **options):
        result = function(*args, **options)
        got = len(result) if isinstance(result, tuple) else 1
        if got != count:
            raise UserError(f"{what} returns {got} value{'s' * (got != 1)} where the library's returns {count}")
        return result
    return call
