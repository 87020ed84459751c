import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.helpers import normal, seeds

from minihit import gradcheck
from minihit.ops import gelu

shapes = st.lists(st.integers(1, 6), min_size=1, max_size=3)


def test_values_are_those_of_the_normal_distribution():
    x = np.array([-3.0, -0.5, 0.0, 1.0, 2.5])
    expected = [value * 0.5 * (1 + math.erf(value / math.sqrt(2))) for value in x]
    np.testing.assert_allclose(gelu.forward(x)[0], expected, rtol=1e-15)


@given(shapes, seeds)
def test_backward_agrees_with_finite_differences(shape, seed):
    rng = np.random.default_rng(seed)
    gradcheck.check_layer(gelu, None, 3 * rng.standard_normal(shape), rng)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_dtype_stays(dtype):
    y, cache = gelu.forward(normal(0, 5, dtype=dtype))
    assert y.dtype == gelu.backward(y, cache).dtype == dtype
