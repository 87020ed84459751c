from unittest import mock

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracles import autoencoder as oracle
from support.helpers import assert_adjoint, channels, image_shapes, normal, seeds

from minihit import gradcheck, initializers
from minihit.layers import strided_conv2d, upsampling_conv2d

kernels = st.sampled_from([2, 4, 6])


def example(shape, c_out, k, seed):
    rng = np.random.default_rng(seed)
    return gradcheck.perturb(upsampling_conv2d.init(rng, shape[-1], c_out, k), rng), rng.standard_normal(shape), rng


@given(image_shapes(), channels, kernels, seeds)
def test_gradients_agree_with_finite_differences(shape, c_out, k, seed):
    params, x, rng = example(shape, c_out, k, seed)
    gradcheck.check_layer(upsampling_conv2d, params, x, rng)


@given(image_shapes(), channels, kernels, seeds)
def test_it_is_a_convolution_of_the_pixels_with_zeros_in_between(shape, c_out, k, seed):
    params, x, _ = example(shape, c_out, k, seed)
    y, _ = upsampling_conv2d.forward(params, x)
    assert y.shape == (shape[0], 2 * shape[1], 2 * shape[2], c_out)
    np.testing.assert_allclose(y, oracle.upsampling_conv(params, x), atol=1e-12)


@given(image_shapes(), channels, kernels, seeds)
def test_it_is_the_transpose_of_the_strided_convolution(shape, c_out, k, seed):
    """<strided(x), y> = <x, upsampled(y)>, with the same weight."""
    params, small, rng = example(shape, c_out, k, seed)
    large = rng.standard_normal((shape[0], 2 * shape[1], 2 * shape[2], c_out))
    weight = params["weight"]
    assert_adjoint(lambda x: strided_conv2d.forward({"weight": weight, "bias": np.zeros(shape[-1])}, x)[0],
                   lambda y: upsampling_conv2d.forward({"weight": weight, "bias": np.zeros(c_out)}, y)[0], large, small)


def test_a_single_pixel_paints_the_kernel():
    params, x = {"weight": normal(0, 4, 4, 3, 1), "bias": normal(1, 3)}, np.zeros((1, 3, 3, 1))
    x[0, 1, 1] = 1.0
    y, _ = upsampling_conv2d.forward(params, x)
    painted = y[0] - params["bias"]
    np.testing.assert_allclose(painted[1:5, 1:5], params["weight"][..., 0], atol=1e-15)
    painted[1:5, 1:5] = 0.0
    assert not painted.any()


def test_its_gradients_can_be_had_one_at_a_time():
    params, x, rng = example((2, 3, 4, 2), 3, 4, 0)
    y, cache = upsampling_conv2d.forward(params, x)
    dy = rng.standard_normal(y.shape)
    dx, grads = upsampling_conv2d.backward(dy, cache)
    np.testing.assert_array_equal(upsampling_conv2d.input_gradient(dy, cache), dx)
    np.testing.assert_array_equal(upsampling_conv2d.weight_gradient(dy, cache)["weight"], grads["weight"])


@pytest.mark.parametrize("options, shape, fan_in, fan_out", [
    ({}, (4, 4, 7, 2), 2 * 2 * 2, 4 * 4 * 7), ({"k": 6}, (6, 6, 7, 2), 3 * 3 * 2, 6 * 6 * 7)])
def test_a_pixel_of_y_is_met_by_a_quarter_of_the_kernel(options, shape, fan_in, fan_out):
    with mock.patch.object(initializers, "glorot_uniform", return_value=np.zeros(shape)) as draw:
        params = upsampling_conv2d.init("rng", 2, 7, **options)
    draw.assert_called_once_with("rng", shape, fan_in=fan_in, fan_out=fan_out)
    assert params.keys() == {"weight", "bias"} and params["bias"].shape == (7,)
