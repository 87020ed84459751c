"""Derivatives by finite differences, from four points with an error of O(h^4).

Shapes: x, direction any, the same.
"""

import math

import numpy as np

from minihit import tree
from minihit.backend import array_module

STEP = 1e-5
SHORTER = (1e-4, 1e-5, 1e-6, 1e-7)                                          # steps, where kinks show
EPS = float(np.finfo(np.float64).eps)
STENCIL = {1: 8 / 12, -1: -8 / 12, 2: -1 / 12, -2: 1 / 12}                # {point: weight}
ROUNDINGS = 60                                                            # that a value meets on its way, about


def directional_derivative(function, x, direction, step=STEP):
    """d function(x + t direction) / dt at t = 0; function returns an array or a number."""
    return sum(function(x + point * step * direction) * (weight / step) for point, weight in STENCIL.items())


def numerical_gradient(function, x, step=STEP):
    """The gradient of a function that returns a number, value by value."""
    gradient = array_module(x).empty_like(x)
    for index in np.ndindex(x.shape):
        gradient[index] = directional_derivative(function, x, one_value(x, index), step)
    return gradient


def change(forward_at, x, direction, douts, here):
    """The derivative of <douts, outputs> along the direction, by steps short enough to cross no kink, and its error.

    The error is that of rounding: each term of the sum is wrong by ROUNDINGS times its last bit, and the sum is divided
    by the step.

    forward_at(x) and here are (outputs, cache). A cache notes in boolean arrays on which side of its kinks a layer was:
    these must be the same at all four points. Raises ValueError where no step is short enough.
    """
    outputs, cache = here
    for step in SHORTER:
        sides = {_sides(cache)}

        def inner(value, sides=sides):
            moved, cache = forward_at(value)
            sides.add(_sides(cache))
            pairs = zip(douts, moved, outputs, strict=True)
            return sum(float((dout * (y - y0)).sum()) for dout, y, y0 in pairs if dout is not None)

        derivative = directional_derivative(inner, x, direction, step)
        if len(sides) == 1:
            terms = [float(((dout * y) ** 2).sum()) for dout, y in zip(douts, outputs, strict=True) if dout is not None]
            return derivative, ROUNDINGS * EPS * math.sqrt(sum(terms)) / step
    raise ValueError("the inputs lie on a kink, where there is no derivative: draw others")


def directions(rng, leaf, few):
    """Pairs (name, direction): each value of a leaf of at most `few`, a random unit direction of a larger one."""
    if leaf.size <= few:
        return [(f"value {index}", one_value(leaf, index)) for index in np.ndindex(leaf.shape)]
    return [("a random direction", unit(rng, leaf))]


def one_value(x, index):
    direction = array_module(x).zeros_like(x)
    direction[index] = 1.0
    return direction


def unit(rng, like):
    """A random direction of length one."""
    direction = normal(rng, like)
    return direction / (direction * direction).sum() ** 0.5


def normal(rng, like):
    return array_module(like).asarray(rng.standard_normal(like.shape))


def _sides(cache):
    return b"".join(leaf.tobytes() for _, leaf in tree.items(cache) if getattr(leaf, "dtype", "") == np.bool_)
