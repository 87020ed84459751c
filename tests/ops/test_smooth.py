import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracles import autoencoder as oracle
from oracles import stylegan2
from support.helpers import assert_adjoint, image_shapes, normal, seeds

from minihit import gradcheck
from minihit.ops import smooth, transposed_conv2d

shapes = image_shapes(side=st.integers(2, 7))


def definition(x):
    """The filter at every place, zeros outside."""
    taps, padded = np.array([1, 3, 3, 1]) / 4, np.pad(x, [(0, 0), (1, 1), (1, 1), (0, 0)])
    places = np.lib.stride_tricks.sliding_window_view(padded, (4, 4), axis=(1, 2))
    return np.einsum("bhwcij,i,j->bhwc", places, taps, taps)


@pytest.mark.parametrize("dtype, tolerance", [(np.float64, 1e-14), (np.float32, 2e-6)])
@given(shape=shapes, seed=seeds)
def test_forward_is_the_definition(dtype, tolerance, shape, seed):
    x = normal(seed, *shape, dtype=dtype)
    y, _ = smooth.forward(x)
    assert (y.shape, y.dtype) == ((shape[0], shape[1] - 1, shape[2] - 1, shape[3]), dtype)
    np.testing.assert_allclose(y, definition(x), atol=tolerance)


@given(shapes, seeds)
def test_backward_is_the_transpose(shape, seed):
    x = normal(seed, *shape)
    y, cache = smooth.forward(x)
    assert_adjoint(definition, lambda dy: smooth.backward(dy, cache), x, normal(seed + 1, *y.shape))


@given(shapes, seeds)
def test_gradients_agree_with_finite_differences(shape, seed):
    gradcheck.check_layer(smooth, None, normal(seed, *shape), np.random.default_rng(seed))


@given(image_shapes(side=st.integers(1, 4)), seeds)
def test_smoothing_what_was_painted_is_convolving_what_was_upsampled(shape, seed):
    """The definition filters first: zeros in between, three before and two behind, the filter, the convolution."""
    x, weight = normal(seed, *shape), normal(seed + 1, 3, 3, shape[-1], 2)
    y, _ = smooth.forward(transposed_conv2d.forward(x, weight)[0])
    np.testing.assert_allclose(y, oracle.correlate(stylegan2.upsampled(x, 3, 2), weight), atol=1e-12)


def test_a_constant_that_was_spread_out_is_constant_again():
    spread = np.zeros((1, 13, 13, 1))
    spread[:, ::2, ::2] = 0.7
    y, _ = smooth.forward(spread)
    np.testing.assert_allclose(y[:, 1:-1, 1:-1], 0.7)
