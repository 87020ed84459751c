"""Each way of being wrong is told, and nothing is told of what has no pattern."""

import numpy as np
import pytest
from support.helpers import normal

from minihit.gradcheck.alike import same
from minihit.gradcheck.patterns import told

RIGHT = normal(0, 3, 4, 4)
ROWS, LINE = normal(1, 3, 4, 1), normal(2, 4)
AT_THE_END = RIGHT * [1, 1, 1, 2]
ONE = RIGHT.copy()
ONE[1, 2, 0] += 1
CONSTANT_PLACE = RIGHT + np.where(np.arange(4) == 2, 1e-3, 0.0) * normal(3, 3, 4, 4)


@pytest.mark.parametrize("wrong, sentence", [
    (0.0 * RIGHT, "it is zero everywhere"),
    (1.001 * RIGHT, "it is 1.001 times the right one"),
    (RIGHT * (1 + 4e-6), "it is off by 4e-06 of its largest value at most: a small constant, such as EPS, is another "
                         "or in another place"),
    (RIGHT / 3, "it is 0.333333 times the right one"),
    (-RIGHT, "its sign is wrong"),
    (-2 * RIGHT, "it is -2 times the right one"),
    (RIGHT.swapaxes(1, 2), "axes 1 and 2 are exchanged"),
    (RIGHT[::-1], "it is turned around along axis 0"),
    (RIGHT[:, ::-1, ::-1], "it is turned around along axes 1 and 2"),
    (RIGHT * LINE,
     "each index of axis 2 has the right values times a factor of its own, as where a "
     "scale is missing or a divisor is another"),
    (RIGHT * LINE[:, None],
     "each index of axis 1 has the right values times a factor of its own, as where a "
     "scale is missing or a divisor is another"),
    (RIGHT + ROWS, "the error is the same all along axis 2: a sum or a mean over it is missing, or one too many"),
    (RIGHT + normal(4, 4, 4), "the error is the same all along axis 0: a sum or a mean over it is missing, or one too "
                              "many"),
    (CONSTANT_PLACE, "it is wrong only at 2 of axis 2"),
    (np.where(np.arange(3)[:, None, None] == 1, RIGHT, normal(5, 3, 4, 4)), "it is wrong only at 0, 2 of axis 0"),
    (np.where(np.eye(4) + np.eye(4)[[1, 2, 3, 0]] > 0, normal(6, 3, 4, 4), RIGHT), "24 of its 48 values are wrong"),
    (normal(7, 3, 4, 4), ""),
    (OTHER := normal(8, 3, 4, 4), "it is that of value"),
])
def test_a_pattern_is_told(wrong, sentence):
    assert told(wrong, RIGHT, {"key": normal(9, 3, 4), "value": OTHER}) == sentence


BIG, SLOPE = normal(12, 4, 5, 3), normal(13, 4, 5, 3)
SCALE, RSTD, DY = normal(14, 3), np.exp(normal(15, 4, 5, 1)), normal(16, 8, 4, 3)
AXES = ("a term that is the same all along axis {} and one along axis {}: a sum or a mean is over one of them in place "
        "of the other")
KNOWN = {"x": SLOPE, "scale": SCALE, "rstd": RSTD, "lone": np.ones(1), "of another shape": normal(17, 7)}


@pytest.mark.parametrize("wrong, sentence", [
    (SLOPE, "it is x itself"),
    (np.where(BIG > 1, np.nan, BIG), f"{(BIG > 1).sum()} of its 60 values are no numbers, the first at "
                                    f"{tuple(map(int, np.argwhere(BIG > 1)[0]))}"),
    (BIG / 32, "it is 0.03125 times the right one, as where a mean over axes 0 and 1 of dy stands for a sum"),
    (BIG / 24, "it is 0.0416667 times the right one, as where a mean over axes 0 and 2 of dy stands for a sum"),
    (8 * BIG, "it is 8 times the right one, as where a sum over axis 0 of dy stands for a mean"),
    (BIG * 3**0.5, "it is 1.73205 times the right one, which is sqrt(3)"),
    (BIG * 5**-0.5, "it is 0.447214 times the right one, which is 1 / sqrt(5)"),
    (np.roll(BIG, 1, 1), "it is shifted by 1 along axis 1"),
    (np.roll(BIG, (-1, -1), (0, 1)), "it is shifted by -1 along axes 0 and 1"),
    (np.pad(BIG, ((0, 0), (1, 0), (0, 0)))[:, :-1], "it is shifted by 1 along axis 1"),
    (0 * BIG + BIG.mean(1, keepdims=True), "it is the same all along axis 1: the mean of the right one"),
    (0 * BIG + BIG.sum((0, 1)), "it is the same all along axes 0 and 1: the sum of the right one"),
    (BIG[np.ix_([1, 0, 3, 2], [4, 0, 1, 2, 3])], "it has the right values in the wrong places"),
    (np.where(np.arange(5)[:, None] == 3, 0, BIG), "it is wrong only at 3 of axis 1, where it is zero"),
    (np.pad(BIG[1:-1, 1:-1], ((1, 1), (1, 1), (0, 0))),
     "it is wrong only at the border of axes 0 and 1, where it is zero"),
    (np.where(SLOPE < 0, 0, BIG), "it is wrong only where x is negative, where it is zero"),
    (np.where(SLOPE > 0, 2 * BIG, BIG), "it is wrong only where x is positive"),
    (BIG * SCALE, "it is the right one times scale"),
    (BIG / RSTD**2, "it is the right one over rstd^2"),
    (BIG * normal(18, 4, 1, 3), "each index of axes 0 and 2 has the right values times a factor of its own, as where "
                                "a scale is missing or a divisor is another"),
    (BIG + SLOPE, "the error is x: x is added once too often"),
    (BIG - SLOPE, "the error is -x: x is not added"),
    (BIG + 0.5 * SCALE, "the error is 0.5 times scale: a term with scale is missing, or another than it should be"),
    (BIG - RSTD * SLOPE, "the error is x times a number of its own for each index of axes 0 and 1: a term with x is "
                         "missing, or another than it should be"),
    (BIG + normal(19, 4, 1, 1), "the error is the same all along axes 1 and 2: a sum or a mean over them is missing, "
                                "or one too many"),
    (BIG**2, "it is the square of the right one"),
    (normal(20, 4, 5, 3), ""),
    (BIG + 1e-12 * SLOPE - BIG, "it is zero everywhere"),
    (BIG + 5e-6 * np.cos(BIG) * abs(BIG).max(), "it is off by 5e-06 of its largest value at most: a small constant, "
                                                "such as EPS, is another or in another place"),
    (BIG[:, [2, 0, 1, 4, 3]], "along axis 1 it is in another order: 2, 0, 1, 4, 3 of the right one"),
    (SCALE + (7 / 8)**0.5 * (BIG - SCALE), "apart from scale it is 0.935414 times the right one, which is sqrt(7/8)"),
    (BIG + SLOPE.mean(0) - SLOPE.mean(2, keepdims=True),
     f"the error is {AXES.format(0, 2)}"),
    (BIG + RSTD * (SLOPE.mean(1, keepdims=True) - SLOPE.mean(2, keepdims=True)),
     f"the error is rstd times {AXES.format(1, 2)}"),
])
def test_what_is_known_tells_more(wrong, sentence):
    assert told(wrong, BIG, {}, KNOWN, DY) == sentence


def test_axes_in_another_order_are_told():
    right = normal(21, 3, 3, 3)
    assert told(right.transpose(1, 2, 0), right, {}) == "its axes are in another order: 1, 2, 0 of the right one"


def test_zero_is_not_taken_for_another_that_is_zero():
    assert told(np.zeros(3), np.ones(3), {"bias": np.zeros(3)}) == "it is zero everywhere"


@pytest.mark.parametrize("wrong, right, sentence", [
    (np.array(2.0), np.array(1.0), "it is 2 times the right one"),
    (np.array([1.0]), np.array([4.0]), "it is 0.25 times the right one"),
    (np.array([1.0, 2.0]), np.zeros(2), ""),
    (np.array([1.0, 1.0]), np.zeros(2), "the error is the same all along axis 0"),
    (np.array([1.0, 2.0, 3.0]), np.array([1.0, 2.0, 4.0]), "it is wrong only at 2 of axis 0"),
])
def test_small_arrays_are_told_too(wrong, right, sentence):
    found = told(wrong, right, {})
    assert found.startswith(sentence) and bool(found) == bool(sentence)


@pytest.mark.parametrize("size", [1e-9, 1e9])
def test_patterns_do_not_depend_on_the_size(size):
    assert told(size * ONE, size * RIGHT, {}) == "it is wrong only at 1 of axis 0"
    assert told(size * normal(7, 3, 4, 4), size * RIGHT, {}) == ""
    assert not same(size * ONE, size * RIGHT)


def test_an_axis_of_length_one_has_no_pattern():
    assert told(normal(10, 1, 5), normal(11, 1, 5), {}) == ""


@pytest.mark.parametrize("wrong, sentence", [
    (DY.sum((0, 1)), "it is the sum of dy over axes 0 and 1"),
    (DY.mean((0, 1)), "it is the mean of dy over axes 0 and 1"),
    (SLOPE.sum((0, 1)), "it is the sum of x over axes 0 and 1"),
])
def test_a_sum_of_something_is_told(wrong, sentence):
    assert told(wrong, normal(22, 3), {}, {**KNOWN, "dy": DY}, DY) == sentence


def test_two_things_with_other_weights_are_told():
    old, new = normal(23, 8), normal(24, 8)
    assert told(0.01 * old + 0.99 * new, 0.99 * old + 0.01 * new, {}, {"old": old, "new": new}) == (
        "it is 0.01 old + 0.99 new in place of 0.99 old + 0.01 new")
    assert "in place of" not in told(normal(25, 8), 0.99 * old + 0.01 * new, {}, {"old": old, "new": new})
    assert "in place of" not in told(normal(25, 3), normal(26, 3), {}, {"old": old[:3], "new": new[:3]})


@pytest.mark.parametrize("factor, sentence", [
    (0.733, ""), (-3.0, "it is -3 times the right one"), (0.5, "it is 0.5 times the right one"),
    (1 / 6, "it is 0.166667 times the right one, as where a mean over axes 1 and 2 of mean stands for a sum"),
    (2**0.5, "it is 1.41421 times the right one, which is sqrt(2)"),
])
def test_of_one_number_only_a_factor_that_says_something_is_told(factor, sentence):
    """Any number is some multiple of another."""
    assert told(np.array(factor * 0.9), np.array(0.9), {}, {"mean": normal(27, 4, 3, 2)}) == sentence
