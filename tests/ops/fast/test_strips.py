import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from minihit.ops.fast.strips import STRIP, WIDE_STRIP, row_strips, strips


@given(shape=st.lists(st.integers(1, 5), min_size=1, max_size=3), size=st.integers(1, 9))
def test_strips_are_views_that_cover_everything_once(shape, size):
    source, target = np.arange(np.prod(shape)).reshape(shape), np.zeros(shape, int)
    for strip_of_source, strip_of_target in strips(source, target, size=size):
        assert strip_of_source.ndim == 1 and len(strip_of_source) <= size
        strip_of_target += strip_of_source
    np.testing.assert_array_equal(target, source)


@given(rows=st.integers(1, 5000), width=st.integers(1, 2 * WIDE_STRIP))
def test_rows_are_covered_once_and_in_order_by_strips_that_fit_in_the_cache(rows, width):
    parts = row_strips(rows, width)
    np.testing.assert_array_equal(np.concatenate([np.arange(rows)[part] for part in parts]), np.arange(rows))
    assert parts[-1].stop == rows
    for part in parts:
        assert part.stop - part.start == 1 or (part.stop - part.start) * width <= WIDE_STRIP


def test_strips_are_as_long_as_the_cache_allows():
    assert row_strips(10, WIDE_STRIP // 3) == [slice(0, 3), slice(3, 6), slice(6, 9), slice(9, 10)]
    assert [len(strip) for strip, in strips(np.zeros(10), size=4)] == [4, 4, 2]
    assert [len(strip) for strip, in strips(np.zeros(STRIP + 1))] == [STRIP, 1]


def test_another_array_module_takes_all_rows_at_once():
    assert row_strips(10, WIDE_STRIP, xp=object()) == [slice(0, 10)]
