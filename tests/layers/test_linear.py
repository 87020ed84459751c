from unittest import mock

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from support.helpers import batches, normal, seeds

from minihit import gradcheck
from minihit.layers import linear

widths = st.lists(st.integers(1, 4), min_size=1, max_size=3).map(tuple)


def example(seed, axes_in, axes_out, leading):
    rng = np.random.default_rng(seed)
    params = gradcheck.perturb(linear.init(rng, axes_in, axes_out), rng)
    return params, rng.standard_normal((*leading, *axes_in)), rng


@given(widths, widths, st.tuples(batches, batches), seeds)
def test_forward_sums_over_the_axes_that_come_in(axes_in, axes_out, leading, seed):
    params, x, _ = example(seed, axes_in, axes_out, leading)
    y, _ = linear.forward(params, x)
    expected = np.tensordot(x, params["weight"], len(axes_in)) + params["bias"]
    np.testing.assert_allclose(y, expected, atol=1e-12)


@given(widths, widths, st.lists(batches, max_size=2), seeds)
def test_gradients_agree_with_finite_differences(axes_in, axes_out, leading, seed):
    params, x, rng = example(seed, axes_in, axes_out, leading)
    gradcheck.check_layer(linear, params, x, rng)
    gradcheck.check_tangent(linear, params, x, rng)


@given(widths, widths, st.lists(batches, max_size=2), seeds)
def test_the_weights_gradient_can_be_that_of_another_input(axes_in, axes_out, leading, seed):
    params, x, rng = example(seed, axes_in, axes_out, leading)
    dy, other = rng.standard_normal((*leading, *axes_out)), rng.standard_normal(x.shape)
    found = linear.weight_gradient(dy, linear.forward(params, x)[1], other)
    _, expected = linear.backward(dy, linear.forward(params, other)[1])
    assert found.keys() == {"weight"}
    np.testing.assert_array_equal(found["weight"], expected["weight"])


def test_a_width_may_be_a_number_or_axes():
    rng = np.random.default_rng(0)
    assert linear.init(rng, 6, (2, 3))["weight"].shape == (6, 2, 3)
    assert linear.init(rng, (2, 3), 6)["weight"].shape == (2, 3, 6)
    assert linear.forward(linear.init(rng, 6, 4), normal(0, 6))[0].shape == (4,)


def test_the_initializer_is_told_the_shape_and_the_fans():
    initializer = mock.Mock(return_value=np.zeros((2, 3, 5, 7)))
    assert linear.init("rng", (2, 3), (5, 7), initializer)["bias"].shape == (5, 7)
    initializer.assert_called_once_with("rng", (2, 3, 5, 7), fan_in=6, fan_out=35)


@given(widths, widths, st.tuples(batches, batches), seeds)
def test_what_skips_is_added_to_y(axes_in, axes_out, leading, seed):
    params, x, rng = example(seed, axes_in, axes_out, leading)
    y, _ = linear.forward(params, x)
    skip = rng.standard_normal(y.shape)
    before = skip.copy()
    np.testing.assert_allclose(linear.forward(params, x, skip)[0], y + skip, atol=1e-14)
    np.testing.assert_array_equal(skip, before)
