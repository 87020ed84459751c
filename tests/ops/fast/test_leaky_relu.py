import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.helpers import normal, off_zero, seeds
from support.twins import DTYPES, assert_twin_agrees

from minihit import gradcheck
from minihit.ops import leaky_relu

shapes = st.lists(st.integers(1, 5), min_size=1, max_size=4)


@pytest.mark.parametrize("dtype", DTYPES)
@given(shapes, seeds)
def test_it_computes_what_its_definition_says(dtype, shape, seed):
    assert_twin_agrees(leaky_relu, normal(seed, *shape, dtype=dtype))


def test_at_the_kink_the_slope_is_that_of_the_left():
    y, cache = leaky_relu.forward(np.array([-2.0, 0.0, 0.5, 3.0]))
    np.testing.assert_allclose(y, [-0.4, 0.0, 0.5, 3.0])
    np.testing.assert_allclose(leaky_relu.backward(np.ones(4), cache), [0.2, 0.2, 1.0, 1.0])


@given(shapes, seeds)
def test_gradients_agree_with_finite_differences(shape, seed):
    x, rng = off_zero(normal(seed, *shape)), np.random.default_rng(seed)
    gradcheck.check_layer(leaky_relu, None, x, rng)
    gradcheck.check_tangent(leaky_relu, None, x, rng)
