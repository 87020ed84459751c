"""When two arrays are the same, and how axes and places of one are told."""

import numpy as np
from support.helpers import normal

from minihit.gradcheck.alike import axes_told, differing, multiple, same, sets_of_axes

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
