"""When two arrays are the same, and how axes, places and factors of one are told."""

import math
from fractions import Fraction
from itertools import combinations

import numpy as np

SAME = 1e-6                                                               # of the largest value
ROUNDING = 1e-10                                                          # of it, which nobody's mistake makes
MOST_ROOTED, MOST_BELOW = 4096, 16                                        # numbers whose root is known again


def same(a, b):
    largest = abs(b).max(initial=0.0)
    return a.shape == b.shape and bool(np.isfinite(largest)) and bool(np.all(abs(a - b) <= SAME * largest))


def unlike(a, b):
    """How far a is from b at most, over the largest value of b."""
    return float(abs(a - b).max(initial=0.0) / max(abs(b).max(initial=0.0), np.finfo(float).tiny))


def is_zero_beside(a, b):
    """Whether a is zero but for rounding, as a sum whose terms cancel, and b is not."""
    return bool(b.any()) and same(a + b, b)


def multiple(a, b):
    """The number c for which a is c b; None where there is none."""
    factor = (a * b).sum() / max((b * b).sum(), np.finfo(float).tiny)
    return factor if same(a, factor * b) else None


def fits(value, like):
    """Whether it broadcasts to the shape of another."""
    return value.ndim <= like.ndim and all(
        n in (1, m) for n, m in zip(value.shape[::-1], like.shape[::-1], strict=False))


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


def root_told(factor):
    """", which is sqrt(5)", where a factor is the root of a number or of a fraction and is none itself."""
    for square, form in ((factor**2, "sqrt({:.0f})"), (factor**-2 if factor else 0.0, "1 / sqrt({:.0f})")):
        if factor > 0 and 2 <= square < MOST_ROOTED and math.isclose(square, round(square), rel_tol=1e-9):
            return "" if math.isqrt(round(square))**2 == round(square) else f", which is {form.format(square)}"
    fraction = Fraction(float(factor)**2).limit_denominator(MOST_BELOW)
    told = factor > 0 and math.isclose(factor**2, fraction, rel_tol=10 * SAME) and not _square(fraction)
    return f", which is sqrt({fraction})" if told else ""


def _square(fraction):
    return all(math.isqrt(n)**2 == n for n in (fraction.numerator, fraction.denominator))
