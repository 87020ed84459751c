from unittest import mock

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from support.helpers import normal, seeds

from minihit import gradcheck
from minihit.ops import pixel_norm

shapes = st.lists(st.integers(1, 5), min_size=1, max_size=4)


@given(shapes, seeds)
def test_gradients_agree_with_finite_differences(shape, seed):
    gradcheck.check_layer(pixel_norm, None, normal(seed, *shape), np.random.default_rng(seed))


@given(shapes, seeds)
def test_the_mean_square_over_the_last_axis_is_one(shape, seed):
    with mock.patch.object(pixel_norm, "EPS", 0.0):
        y, _ = pixel_norm.forward(normal(seed, *shape))
    np.testing.assert_allclose((y**2).mean(axis=-1), 1.0)


def test_by_hand():
    y, _ = pixel_norm.forward(np.array([[3.0, 4.0], [0.0, 0.0], [1e-4, 1e-4]]))
    np.testing.assert_allclose(y[0], np.array([3.0, 4.0]) / np.sqrt(12.5))
    assert not y[1].any()
    np.testing.assert_allclose(y[2], np.sqrt(0.5))                        # as large as the root of EPS


@given(shapes, seeds)
def test_a_gradient_has_no_part_along_x(shape, seed):
    """A rescaling of x leaves y, but for EPS."""
    x = normal(seed, *shape)
    with mock.patch.object(pixel_norm, "EPS", 0.0):
        _, cache = pixel_norm.forward(x)
    dx = pixel_norm.backward(normal(seed + 1, *shape), cache)
    np.testing.assert_allclose((dx * x).sum(axis=-1), 0.0, atol=1e-9)
