import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from support.helpers import normal, seeds

from minihit import gradcheck
from minihit.ops import softmax

shapes = st.tuples(*[st.integers(1, 5)] * 3)
axes = st.sampled_from([-1, -2, 0])


@given(shapes, axes, seeds)
def test_probs_are_the_definition(shape, axis, seed):
    scores = normal(seed, *shape)
    probs, _ = softmax.forward(scores, axis)
    np.testing.assert_allclose(probs, np.exp(scores) / np.exp(scores).sum(axis=axis, keepdims=True), atol=1e-14)


@given(shapes, axes, seeds)
def test_backward_agrees_with_finite_differences(shape, axis, seed):
    gradcheck.check_layer(softmax, None, normal(seed, *shape), np.random.default_rng(seed), axis=axis)


def test_scores_of_any_size_neither_overflow_nor_vanish_together():
    probs, _ = softmax.forward(np.array([[1e4, 0.0, -1e4], [-2e4, -1e4, -1e4]], np.float32))
    np.testing.assert_array_equal(probs, [[1.0, 0.0, 0.0], [0.0, 0.5, 0.5]])


def test_the_axis_is_the_last_where_none_is_named():
    scores = normal(0, 2, 3, 4)
    np.testing.assert_array_equal(softmax.forward(scores)[0], softmax.forward(scores, axis=-1)[0])


@given(shapes, axes, st.floats(-100, 100), seeds)
def test_a_shift_along_the_axis_changes_nothing(shape, axis, shift, seed):
    """Neither the probabilities nor, seen from backward, the loss: the scores' gradients add up to zero."""
    scores = normal(seed, *shape)
    shifts = shift * normal(seed + 1, *shape).mean(axis=axis, keepdims=True)
    probs, cache = softmax.forward(scores, axis)
    np.testing.assert_allclose(softmax.forward(scores + shifts, axis)[0], probs, atol=1e-12)
    np.testing.assert_allclose(softmax.backward(normal(seed + 2, *shape), cache).sum(axis=axis), 0.0, atol=1e-14)


@given(shapes, axes, st.floats(0.1, 3.0), seeds)
def test_scores_can_be_scaled_first(shape, axis, scale, seed):
    scores, dprobs = normal(seed, *shape), normal(seed + 1, *shape)
    probs, cache = softmax.forward(scores, axis, scale)
    expected, expected_cache = softmax.forward(scale * scores, axis)
    np.testing.assert_allclose(probs, expected, atol=1e-14)
    np.testing.assert_allclose(softmax.backward(dprobs, cache), scale * softmax.backward(dprobs, expected_cache),
                               atol=1e-14)
