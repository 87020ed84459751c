import numpy as np
import pytest
from hypothesis import given
from support.helpers import assert_adjoint, image_shapes, normal, seeds

from minihit import gradcheck
from minihit.ops import upsample


@given(image_shapes(), seeds)
def test_every_pixel_becomes_a_square(shape, seed):
    x = normal(seed, *shape)
    np.testing.assert_array_equal(upsample.forward(x)[0], x.repeat(2, axis=1).repeat(2, axis=2))


@given(image_shapes(), seeds)
def test_backward_is_the_transpose(shape, seed):
    x = normal(seed, *shape)
    y, cache = upsample.forward(x)
    dy = normal(seed + 1, *y.shape)
    assert_adjoint(lambda x: upsample.forward(x)[0], lambda dy: upsample.backward(dy, cache), x, dy)
    gradcheck.check_layer(upsample, None, x, np.random.default_rng(seed))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_dtype_stays(dtype):
    y, cache = upsample.forward(normal(0, 1, 2, 3, 4, dtype=dtype))
    assert y.dtype == upsample.backward(y, cache).dtype == dtype
