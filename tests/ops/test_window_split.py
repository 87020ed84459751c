import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from oracles import ops as oracle
from support.helpers import assert_adjoint, normal, seeds

from minihit import gradcheck
from minihit.ops import window_split

tiles = st.integers(1, 3)


@given(window=st.tuples(tiles, tiles), rows=tiles, columns=tiles, seed=seeds)
def test_windows_and_their_pixels_are_row_major(window, rows, columns, seed):
    p, q = window
    image = normal(seed, 2, rows * p, columns * q, 3)
    windows, _ = window_split.forward(image, window)
    assert windows.shape == (2, rows * columns, p * q, 3)
    np.testing.assert_array_equal(windows, oracle.split(image, window))


@given(window=st.tuples(tiles, tiles), rows=tiles, columns=tiles, seed=seeds)
def test_backward_is_the_inverse_and_the_transpose(window, rows, columns, seed):
    image = normal(seed, 2, rows * window[0], columns * window[1], 3)
    windows, cache = window_split.forward(image, window)
    np.testing.assert_array_equal(window_split.backward(windows, cache), image)
    dwindows = normal(seed + 1, *windows.shape)
    dimage = window_split.backward(dwindows, cache)
    np.testing.assert_array_equal(dimage, oracle.merge(dwindows, window, *image.shape[1:3]))
    assert_adjoint(lambda x: window_split.forward(x, window)[0], lambda dy: window_split.backward(dy, cache), image,
                   dwindows)
    gradcheck.check_layer(window_split, None, image, np.random.default_rng(seed), window=window)
