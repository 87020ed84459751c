"""How a wrong array differs from the right one by something that is known: an input, a parameter, what a cache holds.

Shapes: wrong, right any, the same; known {name: array}, those that broadcast to it.
"""

from itertools import combinations

import numpy as np

from minihit.gradcheck.alike import (
    axes_told,
    differing,
    fits,
    long_axes,
    multiple,
    others,
    root_told,
    same,
    sets_of_axes,
)

POWERS = {1: "times {}", -1: "over {}", 2: "times {}^2", -2: "over {}^2", 3: "times {}^3", -3: "over {}^3",
          0.5: "times sqrt({})", -0.5: "over sqrt({})"}
TINY = float(np.finfo(np.float64).tiny)


def where(wrong, right, known):
    """Wrong just where something has one sign."""
    off, meant = differing(wrong, right), differing(0.0 * right, right)
    for name, value in _fitting(known, right):
        for sign, mask in (("negative", value < 0), ("positive", value > 0)):
            mask = np.broadcast_to(mask, right.shape)
            if off.any() and not mask.all() and np.array_equal(off, mask & (meant | off)):
                return f"it is wrong only where {name} is {sign}{_zero_there(wrong[off])}"
    return ""


def product(wrong, right, known):
    """The right one, times or over a power of something."""
    for name, value in _fitting(known, right):
        for power, form in POWERS.items():
            with np.errstate(all="ignore"):
                changed = right * value**power
            if np.isfinite(changed).all() and same(wrong, changed):
                return f"it is the right one {form.format(name)}"
    return ""


def term(wrong, right, known):
    """The error is a multiple of something, with one factor for all or one for each index of some axes."""
    error = wrong - right
    for name, value in _fitting(known, right):
        value = np.broadcast_to(value, right.shape)
        factor = (error * value).sum() / max((value * value).sum(), TINY)
        if value.any() and same(error, factor * value):
            return f"the error is {_times(factor)}{name}: {_missing(factor, name)}"
    for name, value in _fitting(known, right):
        if value.shape == right.shape and (axes := _axes_of_factors(error, value)):
            return (f"the error is {name} times a number of its own for each index of {axes_told(axes)}: a term with "
                    f"{name} is missing, or another than it should be")
    return ""


def summed(wrong, known):
    """Something larger, with nothing done to it but a sum, or a mean, over some of its axes."""
    for name, value in known.items():
        for axes in sets_of_axes(value):
            for total in (value.sum(axes), value.sum(axes, keepdims=True)):
                for form, found in (("sum", total), ("mean", total * total.size / value.size)):
                    if total.size > 1 and same(wrong, found):
                        return f"it is the {form} of {name} over {axes_told(axes)}"
    return ""


def apart_from(wrong, right, known):
    """A multiple of the right one where something that is added to both is left out."""
    for name, value in _fitting(known, right):
        factor = multiple(wrong - value, right - value)
        if factor:
            return f"apart from {name} it is {factor:.6g} times the right one{root_told(factor)}"
    return ""


def mixture(wrong, right, known):
    """Both are made of the same two things, with other weights."""
    both = np.stack([wrong.ravel(), right.ravel()], axis=-1)
    of_its_shape = [(name, value) for name, value in known.items() if value.shape == right.shape]
    for (a, x), (b, y) in combinations(of_its_shape, 2):
        parts = np.stack([x.ravel(), y.ravel()], axis=-1)
        weights, _, rank, _ = np.linalg.lstsq(parts, both)
        if rank == 2 < right.size - 1 and all(map(same, both.T, (parts @ weights).T)):
            mine, theirs = (f"{of_a:.6g} {a} + {of_b:.6g} {b}" for of_a, of_b in weights.T)
            return f"it is {mine} in place of {theirs}"
    return ""


def another_axis(wrong, right, known):
    """The error is a term that is the same all along one axis, and one along another, or something times these."""
    for name, value in [("", np.ones(1)), *_fitting(known, right)]:
        with np.errstate(all="ignore"):
            error = (wrong - right) / value
        for axes in combinations(long_axes(error), 2) if np.isfinite(error).all() else ():
            a, b, both = (error.mean(each, keepdims=True) for each in (*axes, axes))
            if same(error, a + b - both):
                return (f"the error is {name and f'{name} times '}a term that is the same all along axis {axes[0]} and "
                        f"one along axis {axes[1]}: a sum or a mean is over one of them in place of the other")
    return ""


def _fitting(known, right):
    """Those that broadcast to the right one and are no single number."""
    for name, value in known.items():
        if value.size > 1 and fits(value, right):
            yield name, value


def _axes_of_factors(error, value):
    """Axes such that the error is the value times one factor for each of their indices: all but one or two; ()."""
    for axis in reversed(long_axes(error)):
        squares = (value * value).sum(axis, keepdims=True)
        factors = (error * value).sum(axis, keepdims=True) / np.maximum(squares, TINY)
        if error.shape[axis] > 2 and error.ndim > 1 and same(error, factors * value):
            return others(error, (axis,))
    return ()


def _zero_there(values):
    return "" if values.any() else ", where it is zero"


def _times(factor):
    return {1.0: "", -1.0: "-"}.get(round(factor, 9), f"{factor:.6g} times ")


def _missing(factor, name):
    whole = {1.0: f"{name} is added once too often", -1.0: f"{name} is not added"}
    return whole.get(round(factor, 9), f"a term with {name} is missing, or another than it should be")
