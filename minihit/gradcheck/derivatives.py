"""Derivatives by finite differences, from four points with an error of O(h^4).

Shapes: x, direction any, the same.
"""

import numpy as np

from minihit.backend import array_module

STEP = 1e-5
SHORTER = (1e-4, 1e-5, 1e-6, 1e-7)                                        # steps, until kinks are out of reach
EPS = float(np.finfo(np.float64).eps)
STENCIL = {1: 8 / 12, -1: -8 / 12, 2: -1 / 12, -2: 1 / 12}                # {point: weight}
FOURTH = {1: -4, -1: -4, 2: 1, -2: 1}                                     # and 6 at the point itself
ROUNDINGS = 60                                                            # that a value meets on its way, about
JAGGED = 1e-4                                                             # of a slope: it is not known at all


class NotSmooth(ValueError):
    """There is no derivative to be seen in the values."""


def directional_derivative(function, x, direction, step=STEP):
    """d function(x + t direction) / dt at t = 0; function returns an array or a number."""
    return sum(function(x + point * step * direction) * (weight / step) for point, weight in STENCIL.items())


def numerical_gradient(function, x, step=STEP):
    """The gradient of a function that returns a number, value by value."""
    gradient = array_module(x).empty_like(x)
    for index in np.ndindex(x.shape):
        gradient[index] = directional_derivative(function, x, one_value(x, index), step)
    return gradient


def slope(function, x, direction, here):
    """(d function(x + t direction) / dt at t = 0, what it may be wrong by), value by value; here is function(x).

    Five points of a smooth function lie on a cubic, but for O(h^4). How far they are from it, their fourth difference,
    shows whatever makes the slope wrong: a kink between them, a function that bends within the step, and the rounding
    of its values. So the step is the first at which it is what rounding allows, or else the one at which it is least.

    Raises NotSmooth where it is large at every step, as on a kink.
    """
    best, error = None, array_module(here).full(1, np.inf)
    for step in SHORTER:
        moved = {point: function(x + point * step * direction) - here for point in STENCIL}
        rough = abs(_combine(moved, FOURTH)) / step
        rounding = ROUNDINGS * EPS * _size(here) / step
        wrong_by = rounding + rough + _size(rough)                         # of one value rough may be small by chance
        if _size(wrong_by) < _size(error):
            best, error = _combine(moved, STENCIL) / step, wrong_by
        if _size(rough) <= rounding:
            return best, error
    if best is None or _size(error) > max(JAGGED * _size(best), 2 * rounding):
        raise NotSmooth("the values jump or bend within every step: the inputs lie on a kink, where there is no "
                        "derivative, or the values are random or computed in float32")
    return best, error


def change(forward_at, x, direction, douts, outputs):
    """The derivative of <douts, outputs> along the direction, and what it may be wrong by; outputs = forward_at(x).

    Raises NotSmooth as slope does.
    """
    xp = array_module(x)

    def terms(outputs):
        pairs = zip(douts, outputs, strict=True)
        return xp.concatenate([xp.ravel(dout * y) for dout, y in pairs if dout is not None])

    slopes, errors = slope(lambda at: terms(forward_at(at)), x, direction, terms(outputs))
    return float(slopes.sum()), float((errors * errors).sum()) ** 0.5


def directions(rng, leaf, few):
    """Pairs (name, direction): each value of a leaf of at most `few`, two random unit directions of a larger one.

    One in a thousand slight errors lies across a direction by chance, and hardly any across both. Where few is 0, as
    for a network with its many leaves, there is one.
    """
    if leaf.size <= few:
        return [(f"value {index}", one_value(leaf, index)) for index in np.ndindex(leaf.shape)]
    return [("a random direction", unit(rng, leaf)) for _ in range(2 if few else 1)]


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


def _combine(moved, weights):
    return sum(weight * moved[point] for point, weight in weights.items())


def _size(x):
    """The root of the mean square."""
    return float((x * x).mean()) ** 0.5
