import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from support.helpers import normal, seeds

from minihit.ops.fast.squares import along_both_axes, squares, store, windows


def test_squares_are_read_row_by_row():
    x = np.arange(16).reshape(1, 4, 4, 1)
    assert [pixels.ravel().tolist() for pixels in squares(x)] == [
        [0, 2, 8, 10], [1, 3, 9, 11], [4, 6, 12, 14], [5, 7, 13, 15]]


def test_windows_overlap_where_they_are_larger_than_a_step():
    x = np.arange(16).reshape(1, 4, 4, 1)
    assert [pixels.ravel().tolist() for pixels in windows(x, 2, 1, 3, 1)] == [
        [0, 1, 2], [1, 2, 3], [4, 5, 6], [5, 6, 7]]
    assert [pixels.shape for pixels in windows(x, 3, 1, 1, 2)] == [(1, 1, 1, 1)] * 9
    for one, other in zip(windows(x, 2, 2, 2, 2), squares(x), strict=True):
        np.testing.assert_array_equal(one, other)


@given(st.integers(1, 4), st.integers(1, 4), seeds)
def test_both_axes_are_mixed_as_by_a_matrix_from_both_sides(n, m, seed):
    matrix, square = normal(seed, m, n), normal(seed + 1, n, n)
    found = along_both_axes(lambda *line: [row @ np.array(line) for row in matrix], list(square.ravel()))
    np.testing.assert_allclose(np.reshape(found, (m, m)), matrix @ square @ matrix.T)


def test_values_are_stored_in_their_order():
    targets = np.zeros((2, 3))
    store([1.0, 2.0], targets)
    np.testing.assert_array_equal(targets, [[1.0] * 3, [2.0] * 3])
