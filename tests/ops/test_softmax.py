import numpy as np
from helpers import normal, seeds
from hypothesis import given
from hypothesis import strategies as st

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


def test_large_scores_do_not_overflow():
    probs, _ = softmax.forward(np.array([[1e4, 0.0, -1e4]], np.float32))
    np.testing.assert_array_equal(probs, [[1.0, 0.0, 0.0]])
