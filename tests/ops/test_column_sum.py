import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.helpers import normal, seeds

from minihit.ops.column_sum import column_sum


@pytest.mark.parametrize("dtype, tolerance", [(np.float64, 1e-12), (np.float32, 1e-5)])
@given(shape=st.lists(st.integers(1, 5), min_size=1, max_size=4), seed=seeds)
def test_sums_and_means_are_numpys(dtype, tolerance, shape, seed):
    x = normal(seed, *shape, dtype=dtype)
    axes = tuple(range(len(shape) - 1))
    np.testing.assert_allclose(column_sum(x), x.sum(axis=axes), atol=tolerance)
    assert column_sum(x).dtype == dtype
