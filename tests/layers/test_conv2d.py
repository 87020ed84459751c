from unittest import mock

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.helpers import assert_same, channels, image_shapes, normal, seeds

from minihit import gradcheck
from minihit.layers import conv2d
from minihit.ops import leaky_relu

kernels, with_bias = st.sampled_from([1, 3]), st.booleans()


def example(seed, shape, c_out, k, bias):
    rng = np.random.default_rng(seed)
    return gradcheck.perturb(conv2d.init(rng, shape[-1], c_out, k, bias), rng), rng.standard_normal(shape), rng


@given(image_shapes(), channels, kernels, with_bias, seeds)
def test_gradients_agree_with_finite_differences(shape, c_out, k, bias, seed):
    params, x, rng = example(seed, shape, c_out, k, bias)
    gradcheck.check_layer(conv2d, params, x, rng)
    gradcheck.check_tangent(conv2d, params, x, rng)


@given(image_shapes(), channels, kernels, with_bias, seeds)
def test_the_weights_gradient_can_be_that_of_another_input(shape, c_out, k, bias, seed):
    params, x, rng = example(seed, shape, c_out, k, bias)
    dy, other = rng.standard_normal((*shape[:3], c_out)), rng.standard_normal(shape)
    found = conv2d.weight_gradient(dy, conv2d.forward(params, x)[1], other)
    _, expected = conv2d.backward(dy, conv2d.forward(params, other)[1])
    assert found.keys() == {"weight"} and expected.keys() == params.keys()
    np.testing.assert_array_equal(found["weight"], expected["weight"])


def test_a_rectified_convolution_is_leaky_relu_of_one():
    params, x, rng = example(0, (2, 4, 6, 3), 5, 3, bias=True)
    (y, cache), (expected, mask) = conv2d.rectified(params, x), leaky_relu.forward(conv2d.forward(params, x)[0])
    np.testing.assert_array_equal(y, expected)
    np.testing.assert_array_equal(cache["positive"], mask["positive"])
    dy = rng.standard_normal(y.shape)
    for found, same in zip(conv2d.backward(dy, cache), conv2d.backward(dy, conv2d.forward(params, x)[1]), strict=True):
        assert_same(found, same)


def test_what_else_reaches_the_input_is_added():
    params, x, rng = example(0, (2, 4, 6, 3), 5, 3, bias=True)
    dy, cache = rng.standard_normal((2, 4, 6, 5)), conv2d.forward(params, x)[1]
    np.testing.assert_array_equal(conv2d.input_gradient(dy, cache, x), conv2d.input_gradient(dy, cache) + x)


def test_the_bias_is_added_everywhere():
    params = {"weight": np.zeros((3, 3, 2, 4)), "bias": normal(0, 4)}
    y, _ = conv2d.forward(params, normal(1, 2, 5, 6, 2))
    np.testing.assert_array_equal(y, np.broadcast_to(params["bias"], y.shape))


@pytest.mark.parametrize("options, k, keys", [({}, 3, {"weight", "bias"}), ({"k": 5, "bias": False}, 5, {"weight"})])
def test_the_initializer_is_told_the_shape_and_the_fans(options, k, keys):
    initializer = mock.Mock(return_value=np.zeros((k, k, 2, 7)))
    assert conv2d.init("rng", 2, 7, **options, initializer=initializer).keys() == keys
    initializer.assert_called_once_with("rng", (k, k, 2, 7), fan_in=2 * k * k, fan_out=7 * k * k)
