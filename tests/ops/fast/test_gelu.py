import math
from unittest import mock

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.helpers import assert_same, normal, seeds
from support.twins import DTYPES, assert_twin_agrees, defined

from minihit import gradcheck
from minihit.backend import erf
from minihit.ops import gelu
from minihit.ops.fast import gelu as twin

shapes = st.lists(st.integers(1, 6), min_size=1, max_size=3)
LINE = np.linspace(-30, 30, 100_001)                                      # far into both tails, longer than one strip


def slope(x):
    """Of the definition."""
    return defined(gelu.backward, np.ones_like(x), defined(gelu.forward, x)[1])


@pytest.mark.parametrize("dtype", DTYPES)
@given(shapes, seeds)
def test_it_computes_what_its_definition_says(dtype, shape, seed):
    assert_twin_agrees(gelu, normal(seed, *shape, dtype=dtype))


@given(shapes, seeds)
def test_backward_agrees_with_finite_differences(shape, seed):
    rng = np.random.default_rng(seed)
    gradcheck.check_layer(gelu, None, 3 * rng.standard_normal(shape), rng)


def test_in_float32_it_is_as_accurate_as_float32():
    y, cache = gelu.forward(LINE.astype(np.float32))
    assert y.dtype == cache["slope"].dtype == np.float32
    np.testing.assert_allclose(y, defined(gelu.forward, LINE)[0], rtol=3e-7, atol=1e-6)
    np.testing.assert_allclose(cache["slope"], slope(LINE), rtol=0, atol=1e-6)


def test_in_float64_it_is_exact():
    x = normal(0, 100)
    y, cache = gelu.forward(x)
    np.testing.assert_allclose(y, defined(gelu.forward, x)[0], rtol=1e-14)
    np.testing.assert_allclose(cache["slope"], slope(x), rtol=1e-14, atol=1e-16)


def test_the_polynomial_is_as_near_to_erf_as_it_says():
    """In float64, where rounding hides nothing."""
    found = 2.0 * twin._cdf(LINE, LINE * LINE) - 1.0
    assert np.abs(found - erf(LINE / math.sqrt(2.0))).max() < 6e-8


@pytest.mark.parametrize("dtype", DTYPES)
def test_fill_adds_a_bias_and_fill_back_descends_too(dtype):
    x, bias, dy = (normal(seed, *shape, dtype=dtype) for seed, shape in enumerate([(20, 5), (5,), (20, 5)]))
    (y, cache), alone, beside, dx = gelu.forward(x + bias), np.empty_like(x), np.empty_like(x), dy.copy()
    twin.fill(x, bias, alone)
    twin.fill_back(x, bias, beside, dx)
    assert_same([alone, beside, dx], [y, y, dy * cache["slope"]])


@pytest.mark.parametrize("dtype, expected", [(np.float32, True), (np.float64, False)])
def test_float32_alone_takes_the_polynomial(dtype, expected):
    with mock.patch.object(twin, "_cdf", wraps=twin._cdf) as route:
        gelu.forward(normal(2, 5, dtype=dtype))
    assert route.called == expected


def test_extreme_values_stay_finite():
    with np.errstate(over="raise", invalid="raise"):
        y, cache = gelu.forward(np.array([-1e15, -1e10, 1e10], np.float32))
    np.testing.assert_allclose(y, [0.0, 0.0, 1e10], atol=1e-6)
    np.testing.assert_allclose(cache["slope"], [0.0, 0.0, 1.0], atol=1e-6)
