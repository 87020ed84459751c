import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from support.helpers import normal, seeds

from minihit import gradcheck
from minihit.layers import layer_norm

shapes = st.tuples(st.integers(1, 3), st.integers(1, 4), st.integers(3, 9))


@given(shapes, seeds)
def test_backward_agrees_with_finite_differences(shape, seed):
    rng = np.random.default_rng(seed)
    params = gradcheck.perturb(layer_norm.init(shape[-1]), rng)
    gradcheck.check_layer(layer_norm, params, rng.standard_normal(shape), rng)


@given(shapes, st.sampled_from([1.0, 1e-3]), seeds)
def test_forward_is_the_definition(shape, scale, seed):
    """Of large values and of some as small as the root of EPS."""
    rng = np.random.default_rng(seed)
    params, x = gradcheck.perturb(layer_norm.init(shape[-1]), rng), scale * rng.standard_normal(shape)
    expected = (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + 1e-6)
    y, _ = layer_norm.forward(params, x)
    np.testing.assert_allclose(y, params["scale"] * expected + params["bias"], atol=1e-10)


def test_a_large_mean_costs_no_accuracy_in_float32():
    x = normal(0, 50, 64, dtype=np.float32)
    params = layer_norm.init(64)
    np.testing.assert_allclose(layer_norm.forward(params, x + 1000)[0], layer_norm.forward(params, x)[0], atol=2e-3)


@given(st.tuples(st.integers(1, 3), st.integers(1, 4), st.integers(5, 9)), st.floats(0.5, 2.0), st.floats(-9, 9), seeds)
def test_a_shift_and_a_rescaling_of_a_pixel_change_nothing(shape, factor, shift, seed):
    """But for EPS, which a large x makes small; so the gradient has no part along either."""
    rng = np.random.default_rng(seed)
    params, x = gradcheck.perturb(layer_norm.init(shape[-1]), rng), 1000 * rng.standard_normal(shape)
    y, cache = layer_norm.forward(params, x)
    np.testing.assert_allclose(layer_norm.forward(params, factor * x + shift)[0], y, atol=1e-7)
    dx, _ = layer_norm.backward(rng.standard_normal(shape), cache)
    np.testing.assert_allclose(dx.sum(axis=-1), 0.0, atol=1e-12)
    np.testing.assert_allclose((dx * x).sum(axis=-1), 0.0, atol=1e-7)


@given(shapes, seeds)
def test_pixels_are_normalised_alone(shape, seed):
    rng = np.random.default_rng(seed)
    params, x = gradcheck.perturb(layer_norm.init(shape[-1]), rng), rng.standard_normal(shape)
    order = rng.permutation(shape[1])
    whole, permuted = layer_norm.forward(params, x)[0], layer_norm.forward(params, x[:, order])[0]
    np.testing.assert_allclose(permuted, whole[:, order], atol=1e-13)
    np.testing.assert_allclose(layer_norm.forward(params, x[:1, :1])[0], whole[:1, :1], atol=1e-13)
