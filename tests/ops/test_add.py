import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from support.helpers import normal, seeds

from minihit.ops.add import add


@given(st.integers(1, 4), st.lists(st.integers(1, 5), max_size=3), seeds)
def test_all_are_added(count, shape, seed):
    arrays = normal(seed, count, *shape)
    np.testing.assert_allclose(add(*arrays), arrays.sum(axis=0), atol=1e-14)
