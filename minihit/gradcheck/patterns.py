"""How a wrong array differs from the right one, where a few words tell it.

Shapes: wrong, right any, the same.
"""

from itertools import combinations

import numpy as np

SAME = 1e-6                                                               # of the largest value


def told(wrong, right, others):
    """A sentence, or "" where there is no pattern; others {name: array}: what may have been mistaken for the right one.
    """
    taken_for = [f"it is that of {name}" for name, other in others.items() if wrong.any() and same(wrong, other)]
    patterns = (_zero, _factor, _axes_exchanged, _turned_around, _factor_along_an_axis, _constant_error, _place)
    return next(filter(None, [*taken_for, *(pattern(wrong, right) for pattern in patterns)]), "")


def same(a, b):
    return a.shape == b.shape and bool(np.all(abs(a - b) <= SAME * abs(b).max(initial=0.0)))


def _zero(wrong, right):
    return "" if wrong.any() else "it is zero everywhere"


def _factor(wrong, right):
    factor = (wrong * right).sum() / max((right * right).sum(), np.finfo(float).tiny)
    if not same(wrong, factor * right):
        return ""
    return "its sign is wrong" if same(wrong, -right) else f"it is {factor:.6g} times the right one"


def _axes_exchanged(wrong, right):
    pairs = [pair for pair in combinations(range(wrong.ndim), 2) if same(wrong, right.swapaxes(*pair))]
    return f"axes {pairs[0][0]} and {pairs[0][1]} are exchanged" if pairs else ""


def _turned_around(wrong, right):
    for count in range(1, wrong.ndim + 1):
        for axes in combinations(range(wrong.ndim), count):
            if same(wrong, np.flip(right, axes)):
                return f"it is turned around along {axes_told(axes)}"
    return ""


def _factor_along_an_axis(wrong, right):
    for axis in _long_axes(wrong):
        rest = tuple(other for other in range(wrong.ndim) if other != axis)
        squares = (right * right).sum(rest, keepdims=True)
        factors = (wrong * right).sum(rest, keepdims=True) / np.maximum(squares, np.finfo(float).tiny)
        if factors.size < wrong.size and same(wrong, factors * right):
            return f"each index of axis {axis} has the right values times a factor of its own, as without a scale"
    return ""


def _constant_error(wrong, right):
    error = wrong - right
    for axis in _long_axes(wrong):
        if same(error, np.broadcast_to(error.mean(axis, keepdims=True), error.shape)):
            return f"the error is the same all along axis {axis}: a sum or a mean over it is missing, or one too many"
    return ""


def _place(wrong, right):
    """Where the wrong values are, if they keep to a part."""
    off = abs(wrong - right) > SAME * abs(right).max(initial=0.0)
    for axis in _long_axes(wrong):
        at = np.flatnonzero(off.any(tuple(other for other in range(off.ndim) if other != axis)))
        if len(at) < off.shape[axis]:
            return f"it is wrong only at {', '.join(map(str, at))} of axis {axis}"
    return f"{off.sum()} of its {off.size} values are wrong" if off.sum() <= off.size // 2 else ""


def _long_axes(x):
    return [axis for axis in range(x.ndim) if x.shape[axis] > 1]


def axes_told(axes):
    *most, last = map(str, axes)
    return f"axes {', '.join(most)} and {last}" if most else f"axis {last}"
