import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ops import test_softmax as definition
from support.helpers import normal, seeds
from support.twins import DTYPES, assert_twin_agrees

from minihit import gradcheck
from minihit.ops import softmax

shapes = st.tuples(*[st.integers(1, 5)] * 3)
axes = st.sampled_from([-1, -2, 0])
test_scores_can_be_scaled_first = definition.test_scores_can_be_scaled_first


@pytest.mark.parametrize("dtype", DTYPES)
@given(shapes, axes, seeds)
def test_it_computes_what_its_definition_says(dtype, shape, axis, seed):
    assert_twin_agrees(softmax, normal(seed, *shape, dtype=dtype), axis=axis)


@given(shapes, axes, seeds)
def test_backward_agrees_with_finite_differences(shape, axis, seed):
    gradcheck.check_layer(softmax, None, normal(seed, *shape), np.random.default_rng(seed), axis=axis)


def test_scores_of_any_size_neither_overflow_nor_vanish_together():
    probs, _ = softmax.forward(np.array([[1e4, 0.0, -1e4], [-2e4, -1e4, -1e4]], np.float32))
    np.testing.assert_array_equal(probs, [[1.0, 0.0, 0.0], [0.0, 0.5, 0.5]])


def test_the_axis_is_the_last_where_none_is_named():
    scores = normal(0, 2, 3, 4)
    np.testing.assert_array_equal(softmax.forward(scores)[0], softmax.forward(scores, axis=-1)[0])
