import numpy as np
import pytest
from hypothesis import given
from oracles import stylegan2 as oracle
from support.helpers import assert_adjoint, image_shapes, normal, seeds

from minihit import gradcheck
from minihit.ops import blur_downsample, blur_upsample


@pytest.mark.parametrize("dtype, tolerance", [(np.float64, 1e-14), (np.float32, 1e-6)])
@given(shape=image_shapes(), seed=seeds)
def test_it_is_the_filter_over_pixels_with_zeros_between_and_around_them(dtype, tolerance, shape, seed):
    """Two zeros before and one behind, as in the official code."""
    x = normal(seed, *shape, dtype=dtype)
    y, _ = blur_upsample.forward(x)
    assert (y.shape, y.dtype) == ((shape[0], 2 * shape[1], 2 * shape[2], shape[3]), dtype)
    np.testing.assert_allclose(y, oracle.upsampled(x, 2, 1), atol=tolerance)


def test_a_row_by_hand():
    """Along each axis a quarter of one neighbour and three of the other; above and below are zeros."""
    y, _ = blur_upsample.forward(np.array([0.0, 8.0, 16.0]).reshape(1, 1, 3, 1))
    np.testing.assert_allclose(y[0, :, :, 0], 2 * [[0.0, 1.5, 4.5, 7.5, 10.5, 9.0]])


def test_a_flat_image_keeps_its_value_away_from_the_border():
    y, _ = blur_upsample.forward(np.ones((1, 6, 6, 2)))
    np.testing.assert_allclose(y[:, 1:-1, 1:-1], 1.0)


@given(image_shapes(), seeds)
def test_backward_is_the_transpose(shape, seed):
    x = normal(seed, *shape)
    y, cache = blur_upsample.forward(x)
    assert_adjoint(lambda x: oracle.upsampled(x, 2, 1), lambda dy: blur_upsample.backward(dy, cache), x,
                   normal(seed + 1, *y.shape))


@given(image_shapes(), seeds)
def test_it_is_four_times_the_transpose_of_blurring_and_halving(shape, seed):
    x = normal(seed, *shape)
    assert_adjoint(lambda x: blur_upsample.forward(x)[0], lambda dy: 4.0 * blur_downsample.forward(dy)[0], x,
                   normal(seed + 1, shape[0], 2 * shape[1], 2 * shape[2], shape[3]))


@given(image_shapes(), seeds)
def test_gradients_agree_with_finite_differences(shape, seed):
    gradcheck.check_layer(blur_upsample, None, normal(seed, *shape), np.random.default_rng(seed))
