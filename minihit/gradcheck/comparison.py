"""Gradients by backward beside gradients by finite differences, leaf by leaf."""

import inspect
from typing import NamedTuple

import numpy as np

from minihit import tree
from minihit.gradcheck.derivatives import change, directions, normal, slope, unit

RTOL, ATOL = 1e-6, 1e-8                                                   # ATOL for values, known without an error
TINY = float(np.finfo(np.float64).tiny)                                   # keeps 0 / 0 at bay
FEW = 8                                                                   # leaves this small are checked value by value


class Comparison(NamedTuple):
    """The gradient of one leaf along its worst direction; share, the error over the allowed one, fails above 1.

    hint: what the mistake looks like, where that is known.
    """

    path: str
    shape: tuple
    along: str
    actual: float
    expected: float
    share: float
    hint: str = ""

    def __str__(self):
        return (f"{self.path} {self.shape}, {self.along}: backward {self.actual:.10g}, finite differences "
                f"{self.expected:.10g}, error {self.share:.3g} of the allowed")


def check_layer(layer, params, inputs, rng, rtol=RTOL, atol=0.0, few=FEW, **options):
    """Compare layer.backward with finite differences of layer.forward; returns a Comparison per leaf.

    layer has forward(params, *inputs, **options) -> (*outputs, cache) and backward(*douts, cache) -> (*dinputs, grads);
    params is None for an op without parameters. inputs is one array, or a tuple of arrays and of None for what is left
    out. Raises AssertionError with a line for every leaf whose gradient is wrong.
    """
    return require(compare(*as_functions(layer, params, inputs, options), rng, rtol, atol, few))


def check_tangent(layer, params, inputs, rng, rtol=RTOL, **options):
    """Compare layer.tangent with finite differences of layer.forward along a random direction of its inputs.

    layer.tangent(*t_inputs, cache) may move all of them or the first ones alone.
    """
    actual, expected, error = _tangents(layer, params, inputs, rng, options)
    assert_close(actual, expected, "tangent", rtol, error)


def compare_tangent(layer, params, inputs, rng, rtol=RTOL, **options):
    """The Comparison that check_tangent asks for."""
    actual, expected, error = _tangents(layer, params, inputs, rng, options)
    return compare_values(actual, expected, "tangent", rtol, error)


def as_functions(layer, params, inputs, options, names=None):
    """(forward, backward, arguments): a layer in the form that compare takes.

    The inputs are called as layer.forward calls them, unless names are given.
    """
    inputs = inputs if isinstance(inputs, tuple) else (inputs,)
    names = names or [name for name in inspect.signature(layer.forward).parameters if name != "params"]
    names = names[:len(inputs)]
    arguments = {name: x for name, x in zip(names, inputs, strict=True) if x is not None}
    results = names
    if params is not None:
        results, arguments = [*names, "params"], {**arguments, "params": params}

    def forward(arguments):
        leading = [] if params is None else [arguments["params"]]
        *outputs, cache = layer.forward(*leading, *(arguments.get(name) for name in names), **options)
        return outputs, cache

    def backward(douts, cache):
        gradients = layer.backward(*douts, cache)
        return dict(zip(results, gradients if isinstance(gradients, tuple) else (gradients,), strict=True))

    return forward, backward, arguments


def compare(forward, backward, arguments, rng, rtol=RTOL, atol=0.0, few=FEW):
    """A Comparison for each leaf of the tree of arguments; allowed is what finite differences err by, atol and rtol.

    forward(arguments) -> (outputs, cache); backward(douts, cache) -> a tree with the keys of arguments.
    """
    arguments = _float64(arguments)
    outputs, cache = forward(arguments)
    douts = [None if y is None else normal(rng, y) for y in outputs]
    gradients = dict(tree.items(backward(douts, cache)))

    def check(path, leaf, along, direction):
        def forward_at(value):
            return forward(tree.map(lambda other: value if other is leaf else other, arguments))[0]

        expected, error = change(forward_at, leaf, direction, douts, outputs)
        actual = float((gradients[path] * direction).sum())
        share = abs(actual - expected) / (atol + error + rtol * abs(expected) + TINY)
        return Comparison(path, leaf.shape, along, actual, expected, share)

    comparisons = []
    for path, leaf in tree.items(arguments):
        shape = gradients[path].shape
        assert shape == leaf.shape, f"{path} {leaf.shape}: its gradient has shape {shape}"
        comparisons.append(worst([check(path, leaf, *direction) for direction in directions(rng, leaf, few)]))
    return comparisons


def compare_values(actual, expected, path, rtol=RTOL, atol=ATOL):
    """A Comparison of two arrays of one shape, value by value; atol is a number or one for each."""
    share = np.nan_to_num(abs(actual - expected) / (atol + rtol * abs(expected) + TINY), nan=np.inf, posinf=np.inf)
    at = tuple(int(i) for i in np.unravel_index(share.argmax(), share.shape))
    return Comparison(path, share.shape, f"at {at}", float(actual[at]), float(expected[at]), float(share[at]))


def worst(comparisons):
    """The one with the largest share; NaN is larger than any."""
    return max(comparisons, key=lambda row: np.nan_to_num(row.share, nan=np.inf))


def require(comparisons):
    """The comparisons if all hold, else AssertionError with a line for each that does not; NaN does not hold."""
    wrong = [str(row) for row in comparisons if not row.share <= 1.0]
    assert not wrong, f"{len(wrong)} of {len(comparisons)} gradients are wrong:\n" + "\n".join(wrong)
    return comparisons


def assert_close(actual, expected, path, rtol=RTOL, atol=ATOL):
    """AssertionError that names the worst value, unless |actual - expected| <= atol + rtol |expected| everywhere."""
    assert actual.shape == expected.shape, f"{path}: shape {actual.shape} instead of {expected.shape}"
    row = compare_values(actual, expected, path, rtol, atol)
    assert row.share <= 1.0, (f"{path} {row.shape}: {row.actual:.10g} {row.along} instead of {row.expected:.10g}, "
                              f"error {row.share:.3g} of the allowed")


def perturb(arrays, rng, scale=0.3):
    """A float64 copy of a tree moved by noise: with zero biases and unit scales a wrong gradient can look right."""
    return tree.map(lambda leaf: leaf + scale * normal(rng, leaf), arrays)


def _tangents(layer, params, inputs, rng, options):
    """(by layer.tangent, by finite differences, what these err by) along a random direction of the inputs."""
    leading = [] if params is None else [_float64(params)]
    inputs = [_float64(x) for x in (inputs if isinstance(inputs, tuple) else (inputs,))]
    moving = len(inspect.signature(layer.tangent).parameters) - 1
    t_inputs = [unit(rng, x) for x in inputs[:moving]]

    def forward(distance):
        moved = [x + distance * t_x for x, t_x in zip(inputs, t_inputs, strict=False)]
        return layer.forward(*leading, *moved, *inputs[moving:], **options)

    y, cache = forward(0.0)
    expected, error = slope(lambda distance: forward(distance)[0], 0.0, 1.0, y)
    t_y = layer.tangent(*t_inputs, cache)
    return t_y[0] if isinstance(t_y, tuple) else t_y, expected, error


def _float64(arrays):
    return tree.map(lambda x: x.astype(np.float64), arrays)
