import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from oracles import ops as oracle
from support.helpers import normal, seeds

from minihit import gradcheck
from minihit.ops import window_merge, window_split


@given(window=st.sampled_from([(1, 6), (2, 2), (2, 3), (3, 1), (6, 6)]), seed=seeds)
def test_it_undoes_the_split_and_its_backward_splits(window, seed):
    image = normal(seed, 2, 6, 6, 3)
    windows, _ = window_split.forward(image, window)
    merged, cache = window_merge.forward(windows, window, 6)
    np.testing.assert_array_equal(merged, image)
    dimage = normal(seed + 1, *image.shape)
    np.testing.assert_array_equal(window_merge.backward(dimage, cache), oracle.split(dimage, window))
    gradcheck.check_layer(window_merge, None, windows, np.random.default_rng(seed), window=window, side=6)


@given(p=st.integers(1, 3), q=st.integers(1, 3), rows=st.integers(1, 2), seed=seeds)
def test_windows_are_put_side_by_side_row_by_row(p, q, rows, seed):
    side = rows * p * q
    windows = normal(seed, 2, side * side // (p * q), p * q, 3)
    image, _ = window_merge.forward(windows, (p, q), side)
    np.testing.assert_array_equal(image, oracle.merge(windows, (p, q), side, side))
