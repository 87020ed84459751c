"""When two arrays are the same, and how axes and places of one are told."""

import numpy as np
from support.helpers import normal

from minihit.gradcheck.alike import (
    axes_told,
    differing,
    fits,
    is_zero_beside,
    multiple,
    root_told,
    same,
    sets_of_axes,
    unlike,
)

RIGHT = normal(0, 3, 4, 4)


def test_the_same_is_the_same_but_for_a_millionth_of_the_largest_value():
    assert same(RIGHT + 9e-7 * abs(RIGHT).max(), RIGHT) and not same(RIGHT + 1.1e-6 * abs(RIGHT).max(), RIGHT)
    assert not same(RIGHT, RIGHT[0]) and not same(RIGHT[0] + 0 * RIGHT, RIGHT)
    assert same(np.zeros((0, 2)), np.zeros((0, 2)))
    assert not same(np.array([np.nan]), np.array([1.0]))


def test_nothing_is_the_same_as_what_is_infinite():
    assert not same(np.ones(2), np.array([1.0, np.inf])) and not same(np.full(2, np.inf), np.full(2, np.inf))


def test_a_multiple_is_found_with_its_factor():
    assert abs(multiple(-2.5 * RIGHT, RIGHT) + 2.5) < 1e-12
    assert multiple(RIGHT + np.eye(4), RIGHT) is None and multiple(RIGHT, 0.0 * RIGHT) is None
    assert multiple(0.0 * RIGHT, RIGHT) == 0.0


def test_where_two_differ():
    assert np.flatnonzero(differing(np.array([1.0, 2.1, 3.0]), np.array([1.0, 2.0, 3.0]))).tolist() == [1]


def test_sets_of_axes_leave_out_those_of_one_place():
    assert sets_of_axes(np.ones((2, 1, 3))) == [(0,), (2,), (0, 2)]


def test_axes_are_told_as_one_says_them():
    assert axes_told((3,)) == "axis 3" and axes_told((0, 2)) == "axes 0 and 2"
    assert axes_told((0, 1, 2)) == "axes 0, 1 and 2"


def test_how_far_one_is_from_another_is_a_share_of_its_largest_value():
    assert unlike(RIGHT, RIGHT) == 0.0 and abs(unlike(1.5 * RIGHT, RIGHT) - 0.5) < 1e-12
    assert unlike(np.ones(2), np.zeros(2)) > 1e300


def test_zero_may_be_rounding():
    assert is_zero_beside(1e-15 * RIGHT, RIGHT) and not is_zero_beside(1e-5 * RIGHT, RIGHT)
    assert not is_zero_beside(0.0 * RIGHT, 0.0 * RIGHT)


def test_what_broadcasts_fits():
    assert fits(RIGHT[:, :1], RIGHT) and fits(RIGHT[0, 0], RIGHT) and not fits(RIGHT[:2], RIGHT)
    assert not fits(RIGHT, RIGHT[0])


def test_roots_are_told_of_numbers_and_fractions():
    assert [root_told(factor) for factor in (5**0.5, 5**-0.5, (7 / 8)**0.5, 2.0, 0.5, 0.75, -(2**0.5), 1.2345)] == [
        ", which is sqrt(5)", ", which is 1 / sqrt(5)", ", which is sqrt(7/8)", "", "", "", "", ""]
