import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from oracles import ops as oracle
from support.helpers import assert_adjoint, image_shapes, normal, seeds

from minihit import gradcheck
from minihit.ops import pixel_shuffle

shapes = image_shapes(c=st.sampled_from([4, 8, 12]))


@given(shapes, seeds)
def test_channels_move_to_pixels_in_tensorflows_order(shape, seed):
    x = normal(seed, *shape)
    y, cache = pixel_shuffle.forward(x)
    np.testing.assert_array_equal(y, oracle.pixel_shuffle(x))
    dy = normal(seed + 1, *y.shape)
    np.testing.assert_array_equal(pixel_shuffle.backward(dy, cache), oracle.pixel_shuffle_backward(dy))


@given(shapes, seeds)
def test_backward_is_the_inverse_and_the_transpose(shape, seed):
    x = normal(seed, *shape)
    y, cache = pixel_shuffle.forward(x)
    np.testing.assert_array_equal(pixel_shuffle.backward(y, cache), x)
    dy = normal(seed + 1, *y.shape)
    np.testing.assert_array_equal(pixel_shuffle.forward(pixel_shuffle.backward(dy, cache))[0], dy)
    assert_adjoint(lambda x: pixel_shuffle.forward(x)[0], lambda dy: pixel_shuffle.backward(dy, cache), x, dy)
    gradcheck.check_layer(pixel_shuffle, None, x, np.random.default_rng(seed))
