import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.helpers import normal, seeds

from minihit.ops.column_sum import column_sum


@pytest.mark.parametrize("dtype, tolerance", [(np.float64, 1e-12), (np.float32, 1e-5)])
@given(shape=st.lists(st.integers(1, 5), min_size=1, max_size=4), seed=seeds)
def test_a_product_with_ones_is_the_sum(dtype, tolerance, shape, seed):
    x = normal(seed, *shape, dtype=dtype)
    expected = x.sum(axis=tuple(range(x.ndim - 1)))
    np.testing.assert_allclose(column_sum(x), expected, atol=tolerance)
    assert column_sum(x).dtype == dtype
