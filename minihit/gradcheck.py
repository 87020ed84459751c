"""Check hand-written gradients against finite differences, leaf by leaf, in float64.

    rng = np.random.default_rng(0)
    params = gradcheck.perturb(linear.init(rng, 3, 4), rng)
    for comparison in gradcheck.check_layer(linear, params, rng.standard_normal((5, 3)), rng):
        print(comparison)

For a random dy, <dy, J v> by finite differences must equal <J^T dy, v> by backward. Every parameter and every input
gets directions v of its own, because one direction through all of them hides a wrong bias behind a large weight: a leaf
of few values is checked value by value, a larger one along a random unit direction. Four points at h = 1e-5 leave an
error near 1e-10, so a gradient that is wrong by 0.1% stands out a thousandfold.
"""

import inspect
from typing import NamedTuple

import numpy as np

from minihit import tree
from minihit.backend import array_module

STEP, RTOL, ATOL = 1e-5, 1e-6, 1e-8
FEW = 8                                                                   # leaves this small are checked value by value
STENCIL = {1: 8 / 12, -1: -8 / 12, 2: -1 / 12, -2: 1 / 12}                # {point: weight}, with an error of O(h^4)


class Comparison(NamedTuple):
    """The gradient of one leaf along its worst direction; share, the error over the allowed one, fails above 1."""

    path: str
    shape: tuple
    along: str
    backward: float
    finite_differences: float
    share: float

    def __str__(self):
        return (f"{self.path} {self.shape}, {self.along}: backward {self.backward:.10g}, finite differences "
                f"{self.finite_differences:.10g}, error {self.share:.3g} of the allowed")


def check_layer(layer, params, inputs, rng, rtol=RTOL, atol=ATOL, few=FEW, **options):
    """Compare layer.backward with finite differences of layer.forward; returns a Comparison per leaf.

    layer has forward(params, *inputs, **options) -> (*outputs, cache) and backward(*douts, cache) -> (*dinputs, grads);
    params is None for an op without parameters. inputs is one array, or a tuple of arrays and of None for what is left
    out. Raises AssertionError with a line for every leaf whose gradient is wrong.
    """
    inputs = inputs if isinstance(inputs, tuple) else (inputs,)
    names = [name for name in inspect.signature(layer.forward).parameters if name != "params"][:len(inputs)]
    arguments = {name: x for name, x in zip(names, inputs, strict=True) if x is not None}
    if params is not None:
        names, arguments = [*names, "params"], {**arguments, "params": params}

    def forward(arguments):
        leading = [] if params is None else [arguments["params"]]
        *outputs, cache = layer.forward(*leading, *(arguments.get(name) for name in names[:len(inputs)]), **options)
        return outputs, cache

    def backward(douts, cache):
        gradients = layer.backward(*douts, cache)
        return dict(zip(names, gradients if isinstance(gradients, tuple) else (gradients,), strict=True))

    return require(compare(forward, backward, arguments, rng, rtol, atol, few))


def check_tangent(layer, params, x, rng, rtol=RTOL, atol=ATOL, **options):
    """Compare layer.tangent with finite differences of layer.forward along a random direction of x."""
    leading = [] if params is None else [_float64(params)]
    x, t_x = _float64(x), _unit(rng, x)
    expected = directional_derivative(lambda at: layer.forward(*leading, at, **options)[0], x, t_x)
    t_y = layer.tangent(t_x, layer.forward(*leading, x, **options)[1])
    assert_close(t_y[0] if isinstance(t_y, tuple) else t_y, expected, "tangent", rtol, atol)


def compare(forward, backward, arguments, rng, rtol=RTOL, atol=ATOL, few=FEW):
    """A Comparison for each leaf of the tree of arguments.

    forward(arguments) -> (outputs, cache); backward(douts, cache) -> a tree with the keys of arguments.
    """
    arguments = _float64(arguments)
    outputs, cache = forward(arguments)
    douts = [None if y is None else _normal(rng, y) for y in outputs]
    gradients = dict(tree.items(backward(douts, cache)))

    def check(path, leaf, along, direction):
        def forward_at(value):
            return forward(tree.map(lambda other: value if other is leaf else other, arguments))

        expected = _change(forward_at, leaf, direction, douts, (outputs, cache))
        actual = float((gradients[path] * direction).sum())
        share = abs(actual - expected) / (atol + rtol * abs(expected))
        return Comparison(path, leaf.shape, along, actual, expected, share)

    comparisons = []
    for path, leaf in tree.items(arguments):
        shape = gradients[path].shape
        assert shape == leaf.shape, f"{path} {leaf.shape}: its gradient has shape {shape}"
        rows = [check(path, leaf, *direction) for direction in _directions(rng, leaf, few)]
        comparisons.append(max(rows, key=lambda row: np.nan_to_num(row.share, nan=np.inf)))
    return comparisons


def require(comparisons):
    """The comparisons if all hold, else AssertionError with a line for each that does not; NaN does not hold."""
    wrong = [str(row) for row in comparisons if not row.share <= 1.0]
    assert not wrong, f"{len(wrong)} of {len(comparisons)} gradients are wrong:\n" + "\n".join(wrong)
    return comparisons


def directional_derivative(function, x, direction, step=STEP):
    """d function(x + t direction) / dt at t = 0, from four points; function returns an array or a number."""
    return sum(function(x + point * step * direction) * (weight / step) for point, weight in STENCIL.items())


def numerical_gradient(function, x, step=STEP):
    """The gradient of a function that returns a number, value by value."""
    gradient = array_module(x).empty_like(x)
    for index in np.ndindex(x.shape):
        gradient[index] = directional_derivative(function, x, _one_value(x, index), step)
    return gradient


def assert_close(actual, expected, path, rtol=RTOL, atol=ATOL):
    """AssertionError that names the worst value, unless |actual - expected| <= atol + rtol |expected| everywhere."""
    assert actual.shape == expected.shape, f"{path}: shape {actual.shape} instead of {expected.shape}"
    share = np.nan_to_num(abs(actual - expected) / (atol + rtol * abs(expected)), nan=np.inf)
    worst = tuple(int(i) for i in np.unravel_index(share.argmax(), share.shape))
    assert share[worst] <= 1.0, (f"{path} {actual.shape}: {actual[worst]:.10g} at {worst} instead of "
                                 f"{expected[worst]:.10g}, error {share[worst]:.3g} of the allowed")


def perturb(arrays, rng, scale=0.3):
    """A float64 copy of a tree moved by noise: with zero biases and unit scales a wrong gradient can look right."""
    return tree.map(lambda leaf: leaf + scale * _normal(rng, leaf), arrays)


def _change(forward_at, x, direction, douts, here):
    """The derivative of <douts, outputs> along the direction, by steps short enough to cross no kink.

    A cache notes in boolean arrays on which side of its kinks a layer was: these must be the same at all four points.
    """
    outputs, cache = here
    for step in (STEP, STEP / 10, STEP / 100):
        sides = {_sides(cache)}

        def inner(value, sides=sides):
            moved, cache = forward_at(value)
            sides.add(_sides(cache))
            pairs = zip(douts, moved, outputs, strict=True)
            return sum(float((dout * (y - y0)).sum()) for dout, y, y0 in pairs if dout is not None)

        derivative = directional_derivative(inner, x, direction, step)
        if len(sides) == 1:
            return derivative
    raise ValueError("the inputs lie on a kink, where there is no derivative: draw others")


def _directions(rng, leaf, few):
    """Pairs (name, direction): each value of a small leaf, a random unit direction of a large one."""
    if leaf.size <= few:
        return [(f"value {index}", _one_value(leaf, index)) for index in np.ndindex(leaf.shape)]
    return [("a random direction", _unit(rng, leaf))]


def _one_value(x, index):
    direction = array_module(x).zeros_like(x)
    direction[index] = 1.0
    return direction


def _unit(rng, like):
    direction = _normal(rng, like)
    return direction / (direction * direction).sum() ** 0.5


def _normal(rng, like):
    return array_module(like).asarray(rng.standard_normal(like.shape))


def _sides(cache):
    return b"".join(leaf.tobytes() for _, leaf in tree.items(cache) if getattr(leaf, "dtype", "") == np.bool_)


def _float64(arrays):
    return tree.map(lambda x: x.astype(np.float64), arrays)
