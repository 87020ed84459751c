import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from minihit.ops.strips import strips


@given(shape=st.lists(st.integers(1, 5), min_size=1, max_size=3), size=st.integers(1, 9))
def test_strips_are_views_that_cover_everything_once(shape, size):
    source, target = np.arange(np.prod(shape)).reshape(shape), np.zeros(shape, int)
    for strip_of_source, strip_of_target in strips(source, target, size=size):
        assert strip_of_source.ndim == 1 and len(strip_of_source) <= size
        strip_of_target += strip_of_source
    np.testing.assert_array_equal(target, source)
