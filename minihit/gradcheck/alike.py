"""When two arrays are the same, and how axes and places of one are told."""

from itertools import combinations

import numpy as np

SAME = 1e-6                                                               # of the largest value


def same(a, b):
    largest = abs(b).max(initial=0.0)
    return a.shape == b.shape and bool(np.isfinite(largest)) and bool(np.all(abs(a - b) <= SAME * largest))


def multiple(a, b):
    """The number c for which a is c b; None where there is none."""
    factor = (a * b).sum() / max((b * b).sum(), np.finfo(float).tiny)
    return factor if same(a, factor * b) else None


def differing(wrong, right):
    """Where the two are not the same, as a mask."""
    return abs(wrong - right) > SAME * abs(right).max(initial=0.0)


def long_axes(x):
    return [axis for axis in range(x.ndim) if x.shape[axis] > 1]


def sets_of_axes(x):
    """Of the axes that are longer than one: each alone, then pairs, and so on."""
    return [axes for count in range(1, x.ndim + 1) for axes in combinations(long_axes(x), count)]


def others(x, axes):
    """The axes of x that are not among these."""
    return tuple(axis for axis in range(x.ndim) if axis not in axes)


def axes_told(axes):
    *most, last = map(str, axes)
    return f"axes {', '.join(most)} and {last}" if most else f"axis {last}"
