import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.helpers import image_shapes, normal, seeds
from support.twins import DTYPES, assert_twin_agrees

from minihit import gradcheck
from minihit.ops import smooth

shapes = image_shapes(side=st.integers(2, 7))


@pytest.mark.parametrize("dtype", DTYPES)
@given(shapes, seeds)
def test_it_computes_what_its_definition_says(dtype, shape, seed):
    assert_twin_agrees(smooth, normal(seed, *shape, dtype=dtype))


@given(shapes, seeds)
def test_gradients_agree_with_finite_differences(shape, seed):
    gradcheck.check_layer(smooth, None, normal(seed, *shape), np.random.default_rng(seed))


def test_the_taps_are_symmetric_and_those_of_every_second_pixel_sum_to_one():
    """So the first two stand for the last two."""
    taps = smooth.TAPS
    assert taps[::-1] == taps and sum(taps[::2]) == 1.0
