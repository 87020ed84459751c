import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from support.helpers import assert_adjoint, normal, seeds

from minihit.ops import windows

tiles = st.integers(1, 3)


@given(window=st.tuples(tiles, tiles), rows=tiles, columns=tiles, seed=seeds)
def test_windows_and_their_pixels_are_row_major(window, rows, columns, seed):
    p, q = window
    image = normal(seed, 2, rows * p, columns * q, 3)
    split = windows.split(image, window)
    assert split.shape == (2, rows * columns, p * q, 3)
    for i, j in np.ndindex(rows, columns):
        expected = image[:, i * p:(i + 1) * p, j * q:(j + 1) * q].reshape(2, p * q, 3)
        np.testing.assert_array_equal(split[:, i * columns + j], expected)


@given(window=st.sampled_from([(1, 6), (2, 2), (2, 3), (3, 1), (6, 6)]), seed=seeds)
def test_merge_is_the_inverse_and_the_transpose_of_split(window, seed):
    image = normal(seed, 2, 6, 6, 3)
    split = windows.split(image, window)
    np.testing.assert_array_equal(windows.merge(split, window, 6), image)
    dy = normal(seed + 1, *split.shape)
    np.testing.assert_array_equal(windows.split(windows.merge(dy, window, 6), window), dy)
    assert_adjoint(lambda x: windows.split(x, window), lambda dy: windows.merge(dy, window, 6), image, dy)
