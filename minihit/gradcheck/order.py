"""Right values that are not where they belong: axes exchanged, arrays turned around, shifted, or spread.

Shapes: wrong, right any, the same. Each returns a sentence, or "".
"""

from itertools import combinations, permutations

import numpy as np

from minihit.gradcheck.alike import axes_told, long_axes, same, sets_of_axes

MOST_AXES = 5                                                             # whose orders are all tried


def of_axes(wrong, right):
    for a, b in combinations(range(wrong.ndim), 2):
        if same(wrong, right.swapaxes(a, b)):
            return f"axes {a} and {b} are exchanged"
    for order in permutations(range(wrong.ndim)) if wrong.ndim <= MOST_AXES else ():
        if same(wrong, right.transpose(order)):
            return f"its axes are in another order: {', '.join(map(str, order))} of the right one"
    return ""


def turned_around(wrong, right):
    for axes in sets_of_axes(wrong):
        if same(wrong, np.flip(right, axes)):
            return f"it is turned around along {axes_told(axes)}"
    return ""


def permuted(wrong, right):
    """Along one axis, whole."""
    for axis in long_axes(wrong):
        theirs, mine = (np.moveaxis(array, axis, 0).reshape(wrong.shape[axis], -1) for array in (right, wrong))
        places = [int(abs(theirs - each).sum(axis=1).argmin()) for each in mine]
        if sorted(places) == list(range(len(places))) != places and same(wrong, right.take(places, axis)):
            return f"along axis {axis} it is in another order: {', '.join(map(str, places))} of the right one"
    return ""


def shifted(wrong, right):
    """By the same number of places along some axes; what was shifted out may have come in again, or zeros have."""
    for axes in sets_of_axes(wrong):
        for by in (by for by in range(1, min(wrong.shape[axis] for axis in axes)) if np.ptp(right)):
            for sign in (1, -1):
                if _agree_inside(wrong, np.roll(right, [sign * by] * len(axes), axes), axes, sign * by):
                    return f"it is shifted by {sign * by} along {axes_told(axes)}"
    return ""


def _agree_inside(wrong, moved, axes, by):
    """Whether the two agree where nothing came in from outside, and that is most of them."""
    inside = tuple(slice(None) if axis not in axes else slice(max(by, 0), wrong.shape[axis] + min(by, 0))
                   for axis in range(wrong.ndim))
    size = moved[inside].size
    return 2 * size >= moved.size and size > 1 and same(wrong[inside], moved[inside])


def spread(wrong, right):
    """The same all along axes along which the right one changes: its mean or sum."""
    for axes in sets_of_axes(wrong):
        for name, value in (("mean", right.mean(axes, keepdims=True)), ("sum", right.sum(axes, keepdims=True))):
            if same(wrong, np.broadcast_to(value, wrong.shape)):
                return f"it is the same all along {axes_told(axes)}: the {name} of the right one"
    return ""


def other_places(wrong, right):
    moved = same(np.sort(wrong, axis=None), np.sort(right, axis=None)) and not same(wrong, right)
    return "it has the right values in the wrong places" if moved else ""


ALL = (of_axes, turned_around, shifted, spread, permuted, other_places)
