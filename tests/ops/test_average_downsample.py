import numpy as np
import pytest
from hypothesis import given
from support.helpers import assert_adjoint, even_image_shapes, normal, seeds

from minihit import gradcheck
from minihit.ops import average_downsample


@given(even_image_shapes(), seeds)
def test_every_value_is_the_mean_of_a_square(shape, seed):
    x = normal(seed, *shape)
    y, _ = average_downsample.forward(x)
    for i, j in np.ndindex(y.shape[1:3]):
        np.testing.assert_allclose(y[:, i, j], x[:, 2 * i:2 * i + 2, 2 * j:2 * j + 2].mean(axis=(1, 2)), atol=1e-14)


@given(even_image_shapes(), seeds)
def test_backward_is_the_transpose(shape, seed):
    x = normal(seed, *shape)
    y, cache = average_downsample.forward(x)
    dy = normal(seed + 1, *y.shape)
    assert_adjoint(lambda x: average_downsample.forward(x)[0], lambda dy: average_downsample.backward(dy, cache), x, dy)


@given(even_image_shapes(), seeds)
def test_gradients_agree_with_finite_differences(shape, seed):
    rng = np.random.default_rng(seed)
    gradcheck.check_layer(average_downsample, None, rng.standard_normal(shape), rng)
    gradcheck.check_tangent(average_downsample, None, rng.standard_normal(shape), rng)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_dtype_stays(dtype):
    y, cache = average_downsample.forward(normal(0, 1, 2, 2, 3, dtype=dtype))
    assert y.dtype == average_downsample.backward(y, cache).dtype == dtype
