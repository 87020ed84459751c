import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from support.helpers import normal, seeds

from minihit.ops.add import add, add_to


@given(st.integers(1, 4), st.lists(st.integers(1, 5), max_size=3), seeds)
def test_all_are_added(count, shape, seed):
    arrays = normal(seed, count, *shape)
    np.testing.assert_allclose(add(*arrays), arrays.sum(axis=0), atol=1e-14)


@given(st.lists(st.integers(1, 5), min_size=1, max_size=3), seeds)
def test_what_is_there_is_added_in_place(shape, seed):
    x, row, same = normal(seed, *shape), normal(seed + 1, shape[-1]), normal(seed + 2, *shape)
    expected = x + row + same
    add_to(x, row, None, same)
    np.testing.assert_allclose(x, expected, atol=1e-14)
