import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracles import ops as oracle
from support.helpers import channels, normal, seeds, sides

from minihit import gradcheck
from minihit.ops import minibatch_stddev

whole_groups = st.sampled_from([1, 2, 3, 4, 8])                           # a batch of up to 4 is one group
shapes = st.tuples(whole_groups, sides, sides, channels)


@pytest.mark.parametrize("dtype, tolerance", [(np.float64, 1e-12), (np.float32, 2e-5)])
@given(shape=shapes, seed=seeds)
def test_it_is_a_loop_over_groups(dtype, tolerance, shape, seed):
    """Image b is in group b mod (B / S); the new channel is the mean over (H, W, C) of the group's deviation."""
    x = normal(seed, *shape, dtype=dtype)
    y, cache = minibatch_stddev.forward(x)
    np.testing.assert_allclose(y, oracle.minibatch_stddev(x), atol=tolerance)
    dy = normal(seed + 1, *y.shape, dtype=dtype)
    dx = minibatch_stddev.backward(dy, cache)
    expected = oracle.minibatch_stddev_backward(dy, x)
    np.testing.assert_allclose(dx, expected, atol=10 * tolerance * max(1.0, abs(expected).max()))
    assert y.dtype == dx.dtype == dtype


@given(shapes.filter(lambda shape: shape[0] > 1), seeds)
def test_gradients_agree_with_finite_differences(shape, seed):
    rng = np.random.default_rng(seed)
    gradcheck.check_layer(minibatch_stddev, None, rng.standard_normal(shape), rng)
    gradcheck.check_tangent(minibatch_stddev, None, rng.standard_normal(shape), rng)


@given(shapes.filter(lambda shape: shape[0] > 1), seeds)
def test_tangent_backward_is_the_gradient_of_the_directional_derivative(shape, seed):
    """<dt_y, tangent(t_x)> as a function of x: what gradient penalties differentiate."""
    rng = np.random.default_rng(seed)
    x, t_x = rng.standard_normal(shape), rng.standard_normal(shape)
    dt_y, direction = rng.standard_normal((*shape[:3], shape[3] + 1)), rng.standard_normal(shape)

    def tangent(x):
        return minibatch_stddev.tangent(t_x, minibatch_stddev.forward(x)[1])

    bend = minibatch_stddev.tangent_backward(dt_y, minibatch_stddev.forward(x)[1], tangent(x)[1])
    expected = gradcheck.directional_derivative(lambda x: (dt_y * tangent(x)[0]).sum(), x, direction / x.size)
    gradcheck.assert_close((bend * direction / x.size).sum(), expected, "bend", rtol=1e-5)


def test_equal_images_have_no_deviation_but_that_of_eps():
    y, _ = minibatch_stddev.forward(np.ones((4, 2, 2, 3)))
    np.testing.assert_allclose(y[..., -1], 1e-4)


@pytest.mark.parametrize("count", [5, 6, 7])
def test_a_batch_that_does_not_divide_into_groups_is_refused(count):
    with pytest.raises(ValueError, match="cannot reshape"):
        minibatch_stddev.forward(normal(0, count, 2, 2, 3))
