import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.helpers import image_shapes, normal, seeds
from support.twins import DTYPES, assert_twin_agrees

from minihit.ops import noisy_relu


@pytest.mark.parametrize("dtype", DTYPES)
@given(image_shapes(), st.booleans(), seeds)
def test_it_computes_what_its_definition_says(dtype, shape, each, seed):
    b, height, width, c = shape
    inputs = [normal(seed + i, *s, dtype=dtype) for i, s in enumerate((shape, (1,), (c,)))]
    assert_twin_agrees(noisy_relu, *inputs, noise=normal(seed + 3, b if each else 1, height, width, dtype=dtype))


def test_at_the_kink_the_slope_is_that_of_the_left():
    y, cache = noisy_relu.forward(np.zeros((1, 1, 1, 1)), np.ones(1), np.zeros(1), np.zeros((1, 1, 1)))
    assert y == 0.0 and noisy_relu.backward(np.ones((1, 1, 1, 1)), cache)[0] == pytest.approx(0.2 * 2**0.5)


def test_nothing_given_is_written_to():
    inputs = [normal(i, *shape) for i, shape in enumerate([(2, 3, 4, 5), (1,), (5,), (2, 3, 4)])]
    noisy_relu.forward(*inputs)
    for i, array in enumerate(inputs):
        np.testing.assert_array_equal(array, normal(i, *array.shape))
