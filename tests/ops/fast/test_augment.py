import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.helpers import assert_same, normal, seeds
from support.twins import DTYPES, assert_close, assert_twin_agrees, defined

from minihit.ops import augment


@pytest.mark.parametrize("dtype", DTYPES)
@given(st.sampled_from([3, (1, 2, 3)]), st.integers(1, 5), seeds)
def test_stretching_is_what_its_definition_says(dtype, axis, side, seed):
    x, factor = normal(seed, 3, side, side, 3, dtype=dtype), normal(seed + 1, 3)
    assert_close([augment.stretch(x, factor, axis)], [defined(augment.stretch, x, factor, axis)])


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_whole_is_what_its_definition_says(dtype):
    assert_twin_agrees(augment, normal(0, 3, 8, 8, 3, dtype=dtype),
                       draws=augment.draw(np.random.default_rng(1), 3, 8))


@pytest.mark.parametrize("dtype", DTYPES)
@given(st.integers(1, 9), seeds)
def test_every_pixel_comes_from_where_its_definition_says(dtype, side, seed):
    """Also where an image is moved out of sight."""
    rng, x = np.random.default_rng(seed), normal(seed, 3, side, side, 3, dtype=dtype)
    down, right = rng.integers(-side - 1, side + 2, (2, 3))
    assert_same([augment.shift(x, down, right)], [defined(augment.shift, x, down, right)])


@pytest.mark.parametrize("dtype", DTYPES)
@given(st.integers(1, 9), seeds)
def test_a_cut_is_where_its_definition_says(dtype, side, seed):
    rng, x = np.random.default_rng(seed), normal(seed, 3, side, side, 3, dtype=dtype)
    centers = rng.integers(0, side + 1, (2, 3))
    assert_same([augment.cut(x, *centers)], [defined(augment.cut, x, *centers)])
