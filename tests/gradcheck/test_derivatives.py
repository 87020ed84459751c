"""A slope and what it may be wrong by: near kinks, where functions bend, and where rounding is large."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.helpers import normal, seeds

from minihit import gradcheck
from minihit.gradcheck import derivatives
from minihit.gradcheck.derivatives import NotSmooth, change, slope
from minihit.ops import leaky_relu

ONES = np.ones(1)


def rectify(x):
    return np.maximum(x, 0.2 * x)


def along(function, x, direction):
    """slope of a function at numbers, along numbers."""
    x = np.array(x, dtype=float)
    return slope(function, x, np.array(direction, dtype=float), function(x))


def test_the_step_shrinks_rather_than_cross_a_kink():
    gradcheck.check_layer(leaky_relu, None, np.array([1.5e-5, -2.0]), np.random.default_rng(3))


def test_a_point_on_a_kink_is_refused():
    with pytest.raises(ValueError, match="kink"):
        gradcheck.check_layer(leaky_relu, None, np.array([0.0, 1.0]), np.random.default_rng(4))


@given(log_distance=st.floats(-8, -2), sign=st.sampled_from([-1, 1]), log_size=st.floats(-3, 3))
def test_a_kink_at_any_distance_is_seen_in_the_values_alone(log_distance, sign, log_size):
    """Or else what the slope is wrong by is owned up to; no cache says where the kink is."""
    size, distance = 10**log_size, sign * 10**log_distance
    try:
        found, error = along(lambda x: size * rectify(x), [distance], [1.0])
    except NotSmooth:
        assert abs(distance) < 2e-7                                       # the shortest step reaches over it
        return
    assert abs(found - size * (1.0 if distance > 0 else 0.2)) <= error
    assert abs(distance) < 2e-7 or error < 1e-5 * max(size * abs(distance) / 1e-7, size * 1e-3)


@pytest.mark.parametrize("count", [1, 2, 1000])
def test_one_value_on_a_kink_among_many_is_refused(count):
    x = 1.0 + np.arange(count)
    x[0] = 0.0
    with pytest.raises(NotSmooth, match=r"jump or bend within every step: .* kink"):
        slope(rectify, x, np.ones(count), rectify(x))


@given(seed=seeds, log_width=st.floats(-5, 0))
def test_where_a_function_bends_the_step_is_short_enough(seed, log_width):
    """As layer norm does over two channels that nearly agree: x / sqrt(x^2 + width^2)."""
    width, x = 10**log_width, 10**log_width * normal(seed, 5)
    found, error = along(lambda x: x / (x * x + width * width) ** 0.5, x, np.ones(5))
    expected = width * width / (x * x + width * width) ** 1.5
    assert np.all(abs(found - expected) <= error + 1e-6 * abs(expected))
    assert np.all(error <= 1e-4 * expected.max())


@given(seed=seeds, log_lost=st.floats(0, 6))
def test_rounding_that_a_function_magnifies_is_owned_up_to(seed, log_lost):
    """x + c - c keeps few digits of x: the slope is the direction, but for what rounding does to it."""
    lost, direction = 10**log_lost, normal(seed + 1, 50)
    found, error = along(lambda x: x + lost - lost, normal(seed, 50), direction)
    assert np.all(abs(found - direction) <= error)
    assert error.max() < 1e-9 * max(lost, 1.0)


@pytest.mark.parametrize("function", [
    lambda x: x.astype(np.float32).astype(np.float64),
    lambda x: np.random.default_rng().standard_normal(x.shape),
    lambda x: x + np.nan,
], ids=["float32", "random", "not a number"])
def test_values_without_a_slope_are_refused(function):
    x = normal(7, 20)
    with pytest.raises(NotSmooth, match="on a kink, where there is no derivative, or the values are random or comp"):
        slope(function, x, np.ones(20), function(x))


def test_a_kink_too_near_for_every_step_and_too_slight_to_matter_widens_the_error():
    found, error = along(lambda x: x + 1e-5 * rectify(x), [1.5e-7, -1.0], [1.0, 1.0])
    assert 1e-8 < abs(found[0] - 1.00001) < error[0] < 1e-4
    assert abs(found[1] - 1.000002) < error[1] < 0.9 * error[0]


def test_the_step_is_the_first_that_rounding_allows_and_else_the_one_that_errs_least():
    for distance, step in ((1e-3, 1e-4), (3e-5, 1e-5), (3e-6, 1e-6), (3e-7, 1e-7)):
        _, error = along(rectify, [distance, -1.0], [1.0, 1.0])
        np.testing.assert_allclose(error[1], 60 * 2.0**-52 * (0.04 / 2)**0.5 / step, rtol=0.2)
    lossy = normal(8, 50)
    _, error = along(lambda x: x + 1e6 - 1e6, lossy, np.ones(50))
    assert error.max() < 30 * 1e6 * 2.0**-52 / 1e-4


def test_where_the_points_are_on_a_cubic_one_step_does():
    calls = []

    def cubic(x):
        calls.append(x)
        return x**3 - 2 * x

    found, error = slope(cubic, 2.0 * ONES, 3.0 * ONES, 4.0 * ONES)
    np.testing.assert_allclose(found, 30.0, rtol=1e-10)
    assert 0 < error < 1e-8
    assert sorted(float(x) for x in np.concatenate(calls)) == pytest.approx([1.9994, 1.9997, 2.0003, 2.0006], abs=1e-9)


def test_the_allowance_for_rounding_is_sixty_times_the_last_bit_over_the_step():
    y = np.array([3.0, -4.0])                                              # root of the mean square sqrt(12.5)
    _, error = slope(lambda x: y, np.zeros(2), np.ones(2), y)
    np.testing.assert_allclose(error, 60 * 2.0**-52 * 12.5**0.5 / 1e-4, rtol=1e-12)


def test_what_does_not_move_has_no_slope():
    found, error = along(np.zeros_like, [1.0, 2.0], [1.0, 0.0])
    assert found.tolist() == error.tolist() == [0.0, 0.0]


def test_the_change_of_a_sum_is_the_sum_of_changes_and_its_error_their_length():
    douts, x = [np.array([2.0, -1.0]), None, np.array([[0.5]])], np.array([1.0, 3.0])

    def forward_at(x):
        return x * x, None, x[:1, None] * x[1]

    found, error = change(forward_at, x, np.array([1.0, 0.0]), douts, forward_at(x))
    assert found == pytest.approx(2.0 * 2.0 + 0.5 * 3.0, rel=1e-10)
    terms = np.array([2.0 * 1.0, -1.0 * 9.0, 0.5 * 3.0])
    assert error == pytest.approx(60 * 2.0**-52 * (terms**2).sum() ** 0.5 / 1e-4, rel=0.5)


def test_numerical_gradient_of_a_polynomial():
    x = normal(5, 2, 3)
    gradcheck.assert_close(gradcheck.numerical_gradient(lambda x: (x**3).sum(), x), 3 * x**2, "cubes")


def test_a_leaf_of_few_values_is_looked_at_from_every_side():
    rng = np.random.default_rng(6)
    names = [name for name, _ in derivatives.directions(rng, np.zeros((2, 2)), few=4)]
    assert names == ["value (0, 0)", "value (0, 1)", "value (1, 0)", "value (1, 1)"]
    one, other = derivatives.directions(rng, np.zeros((2, 2)), few=3)
    for name, direction in (one, other):
        assert name == "a random direction" and (direction**2).sum() == pytest.approx(1.0)
    assert abs((one[1] * other[1]).sum()) < 0.99
    assert len(derivatives.directions(rng, np.zeros(1), few=0)) == 1
