import numpy as np
import pytest
from hypothesis import given
from support.helpers import assert_adjoint, image_shapes, normal, seeds

from minihit import gradcheck
from minihit.ops import blur_downsample


def definition(x):
    """Filter every pixel with the 4 x 4 outer product of [1 3 3 1] / 8, zeros outside, and keep every second one."""
    _, height, width, _ = x.shape
    taps = np.array([1.0, 3.0, 3.0, 1.0]) / 8
    padded = np.pad(x, [(0, 0), (1, 2), (1, 2), (0, 0)])
    filtered = sum(taps[i] * taps[j] * padded[:, i:i + height, j:j + width] for i in range(4) for j in range(4))
    return filtered[:, ::2, ::2]


@pytest.mark.parametrize("dtype, tolerance", [(np.float64, 1e-14), (np.float32, 1e-6)])
@given(shape=image_shapes(), seed=seeds)
def test_forward_is_the_definition_for_even_and_odd_sides(dtype, tolerance, shape, seed):
    x = normal(seed, *shape, dtype=dtype)
    y, _ = blur_downsample.forward(x)
    np.testing.assert_allclose(y, definition(x), atol=tolerance)
    assert y.dtype == dtype and y.shape[1:3] == ((shape[1] + 1) // 2, (shape[2] + 1) // 2)


@given(image_shapes(), seeds)
def test_backward_is_the_transpose(shape, seed):
    x = normal(seed, *shape)
    y, cache = blur_downsample.forward(x)
    assert_adjoint(definition, lambda dy: blur_downsample.backward(dy, cache), x, normal(seed + 1, *y.shape))


@given(image_shapes(), seeds)
def test_gradients_agree_with_finite_differences(shape, seed):
    rng = np.random.default_rng(seed)
    gradcheck.check_layer(blur_downsample, None, rng.standard_normal(shape), rng)
    gradcheck.check_tangent(blur_downsample, None, rng.standard_normal(shape), rng)


def test_a_flat_image_keeps_its_value_away_from_the_border():
    y, _ = blur_downsample.forward(np.ones((1, 12, 12, 2)))
    np.testing.assert_allclose(y[:, 1:-1, 1:-1], 1.0)


def test_the_taps_are_symmetric_and_sum_to_one():
    """So the first two stand for the last two."""
    taps = blur_downsample.TAPS
    assert taps[::-1] == taps and sum(taps) == 1.0
