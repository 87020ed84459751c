"""How a wrong array differs from the right one, where a few words tell it.

Shapes: wrong, right any, the same.
"""

import math
from itertools import combinations

import numpy as np

from minihit.gradcheck import order, relations
from minihit.gradcheck.alike import (
    SAME,
    axes_told,
    differing,
    is_zero_beside,
    long_axes,
    multiple,
    others,
    root_told,
    same,
    sets_of_axes,
    unlike,
)

SLIGHT = 10 * SAME                                                        # an error in which no pattern can be seen
LEAST_COUNT = 5                                                           # smaller ones are met by chance


def told(wrong, right, leaves, known=None, dy=None):
    """A sentence, or "" where there is no pattern.

    leaves {name: array}: what may have been mistaken for the right one; known {name: array}: what it may be made of, of
    any shapes; dy: the gradient of the output, whose axes may have been summed over.
    """
    if not np.isfinite(wrong).all():
        return _no_numbers(~np.isfinite(wrong))
    known = known or {}
    looks = [
        lambda: _taken_for(wrong, leaves, "it is that of {}"),
        lambda: "it is zero everywhere" if is_zero_beside(wrong, right) else "",
        lambda: _slight(wrong, right),
        lambda: _taken_for(wrong, known, "it is {} itself"),
        lambda: _factor(wrong, right, {"dy": dy, "it": right, **(known if right.size == 1 else {})}),
        lambda: relations.summed(wrong, known),
        *(lambda pattern=pattern: pattern(wrong, right) for pattern in (*order.ALL, _place)),
        lambda: relations.where(wrong, right, known),
        lambda: relations.product(wrong, right, known),
        lambda: _factor_along_axes(wrong, right),
        lambda: relations.term(wrong, right, {**known, **leaves}),
        lambda: relations.mixture(wrong, right, known),
        lambda: relations.apart_from(wrong, right, known),
        lambda: _constant_error(wrong, right),
        lambda: relations.another_axis(wrong, right, known),
        lambda: _power(wrong, right),
        lambda: _few(wrong, right),
    ]
    return next(filter(None, (look() for look in looks)), "")


def _no_numbers(off):
    first = tuple(map(int, np.argwhere(off)[0]))
    return f"{off.sum()} of its {off.size} values are no numbers, the first at {first}"


def _slight(wrong, right):
    off = unlike(wrong, right)
    return "" if off > SLIGHT else (f"it is off by {off:.0e} of its largest value at most: a small constant, such as "
                                    f"EPS, is another or in another place")


def _taken_for(wrong, arrays, sentence):
    return next((sentence.format(name) for name, other in arrays.items() if wrong.any() and same(wrong, other)), "")


def _factor(wrong, right, arrays):
    """arrays {name: array}: along whose axes the factor may count."""
    factor = multiple(wrong, right)
    if factor is None:
        return ""
    if same(wrong, -right):
        return "its sign is wrong"
    why = next(filter(None, (_count(factor, array, name) for name, array in arrays.items())), root_told(factor))
    met_by_chance = right.size == 1 and not why and not _is_plain(factor)
    return "" if met_by_chance else f"it is {factor:.6g} times the right one{why}"


def _is_plain(factor):
    """A whole number, or one over one: any number is some multiple of another."""
    return any(math.isclose(number, round(number), rel_tol=1e-9) for number in (factor, 1.0 / factor))


def _count(factor, array, name):
    """A factor that counts along some of an array's axes, the first ones where there is a choice."""
    for axes in () if array is None else sorted(sets_of_axes(array), key=lambda axes: axes[-1] >= len(axes)):
        count = math.prod(array.shape[axis] for axis in axes)
        if count >= LEAST_COUNT and math.isclose(factor * count, 1.0, rel_tol=1e-9):
            return f", as where a mean over {axes_told(axes)} of {name} stands for a sum"
        if count >= LEAST_COUNT and math.isclose(factor, count, rel_tol=1e-9):
            return f", as where a sum over {axes_told(axes)} of {name} stands for a mean"
    return ""


def _place(wrong, right):
    """Where the wrong values are, if they keep to some indices of an axis or to the border of several."""
    off = differing(wrong, right)
    zero = "" if wrong[off].any() else ", where it is zero"
    for axis in long_axes(wrong):
        at = np.flatnonzero(off.any(others(wrong, (axis,))))
        if len(at) < off.shape[axis]:
            return f"it is wrong only at {', '.join(map(str, at))} of axis {axis}{zero}"
    for axes in (axes for axes in combinations(range(wrong.ndim), 2) if all(wrong.shape[axis] > 2 for axis in axes)):
        inside = tuple(slice(1, -1) if axis in axes else slice(None) for axis in range(wrong.ndim))
        if not off[inside].any():
            return f"it is wrong only at the border of {axes_told(axes)}{zero}"
    return ""


def _factor_along_axes(wrong, right):
    """One factor for each index of some axes, the fewest that will do."""
    for axes in (axes for axes in sets_of_axes(wrong) if len(axes) < wrong.ndim):
        rest = others(wrong, axes)
        squares = (right * right).sum(rest, keepdims=True)
        factors = (wrong * right).sum(rest, keepdims=True) / np.maximum(squares, np.finfo(float).tiny)
        if 2 * factors.size <= wrong.size and same(wrong, factors * right):
            return (f"each index of {axes_told(axes)} has the right values times a factor of its own, as where a scale "
                    f"is missing or a divisor is another")
    return ""


def _constant_error(wrong, right):
    error = wrong - right
    axes = tuple(axis for axis in long_axes(wrong)
                 if same(error, np.broadcast_to(error.mean(axis, keepdims=True), error.shape)))
    if not axes:
        return ""
    them = "it" if len(axes) == 1 else "them"
    return f"the error is the same all along {axes_told(axes)}: a sum or a mean over {them} is missing, or one too many"


def _power(wrong, right):
    for power, name in ((2, "square"), (0.5, "root"), (-1, "inverse")):
        with np.errstate(all="ignore"):
            changed = right**power
        if wrong.size > 1 and np.isfinite(changed).all() and same(wrong, changed):
            return f"it is the {name} of the right one"
    return ""


def _few(wrong, right):
    off = differing(wrong, right)
    return f"{off.sum()} of its {off.size} values are wrong" if off.sum() <= off.size // 2 else ""
