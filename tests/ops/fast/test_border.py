"""Borders of zeros, and whose memory they are."""

import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.helpers import image_shapes, normal, seeds
from support.twins import every_way, going

from minihit.ops.fast import border
from minihit.ops.fast.border import pad

widths = st.integers(0, 2)


@pytest.fixture
def nothing_kept(monkeypatch):
    monkeypatch.setattr(border, "_kept", threading.local())


@every_way
@given(shape=image_shapes(), before=widths, after=st.tuples(widths, widths), seed=seeds)
def test_a_map_has_zeros_around_it_whatever_was_there_before(on_gpu, shape, before, after, seed):
    axes = [(0, 0), (before, after[0]), (before, after[1]), (0, 0)]
    with going(on_gpu):
        for x in (normal(seed, *shape), normal(seed + 1, *shape), normal(seed, *shape, dtype=np.float32)):
            padded = pad(x, before, after)
            assert padded.dtype == x.dtype
            np.testing.assert_array_equal(padded, np.pad(x, axes))


def test_the_same_border_is_on_both_sides_unless_told_otherwise():
    x = normal(0, 2, 3, 5, 4)
    np.testing.assert_array_equal(pad(x, 2), np.pad(x, [(0, 0), (2, 2), (2, 2), (0, 0)]))
    np.testing.assert_array_equal(pad(x), np.pad(x, [(0, 0), (1, 1), (1, 1), (0, 0)]))


def test_maps_of_one_shape_share_their_memory_on_a_gpu_alone(nothing_kept):
    x, wider = normal(0, 2, 4, 4, 3), normal(0, 2, 4, 5, 3)
    assert not np.may_share_memory(pad(x), pad(x))
    with going(True):
        assert pad(x) is pad(2.0 * x)
        assert not np.may_share_memory(pad(x, 1, (1, 2)), pad(wider))          # of one shape inside other borders
    assert not np.may_share_memory(pad(x), pad(x))


def test_no_more_than_so_many_are_kept_and_none_is_let_go(nothing_kept, monkeypatch):
    monkeypatch.setattr(border, "MOST", 2)
    x, y, z = (normal(0, 2, 4, side, 3) for side in (2, 3, 4))
    with going(True):
        kept = pad(x), pad(y)
        first = pad(z)
        assert pad(z) is not first
        np.testing.assert_array_equal(first, np.pad(z, [(0, 0), (1, 1), (1, 1), (0, 0)]))
        assert pad(x) is kept[0] and pad(y) is kept[1]
