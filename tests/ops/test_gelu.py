import math

import numpy as np
from helpers import normal, seeds
from hypothesis import given
from hypothesis import strategies as st

from minihit import gradcheck
from minihit.ops import gelu

shapes = st.lists(st.integers(1, 6), min_size=1, max_size=3)
LINE = np.linspace(-30, 30, 200_001)                                      # far into both tails, longer than one strip


def test_values_are_those_of_the_definition():
    x = np.array([-3.0, -0.5, 0.0, 1.0, 2.5])
    expected = [value * 0.5 * (1 + math.erf(value / math.sqrt(2))) for value in x]
    np.testing.assert_allclose(gelu.forward(x)[0], expected, rtol=1e-15)


@given(shapes, seeds)
def test_backward_agrees_with_finite_differences(shape, seed):
    rng = np.random.default_rng(seed)
    gradcheck.check_layer(gelu, None, 3 * rng.standard_normal(shape), rng)


def test_the_fast_float32_version_is_as_accurate_as_float32():
    y, cache = gelu.forward(LINE.astype(np.float32))
    expected, exact = gelu.reference(LINE)
    assert y.dtype == cache["slope"].dtype == np.float32
    np.testing.assert_allclose(y, expected, rtol=3e-7, atol=1e-6)
    np.testing.assert_allclose(cache["slope"], exact["slope"], rtol=0, atol=1e-6)


def test_the_readable_version_agrees_in_float64():
    x = normal(0, 100)
    (y, cache), (expected, exact) = gelu.forward(x), gelu.reference(x)
    np.testing.assert_array_equal(y, expected)
    np.testing.assert_array_equal(cache["slope"], exact["slope"])


def test_extreme_values_stay_finite():
    y, cache = gelu.forward(np.array([-1e15, -1e10, 1e10], np.float32))
    np.testing.assert_allclose(y, [0.0, 0.0, 1e10], atol=1e-6)
    np.testing.assert_allclose(cache["slope"], [0.0, 0.0, 1.0], atol=1e-6)
