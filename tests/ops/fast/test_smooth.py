import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.helpers import image_shapes, normal, seeds
from support.twins import DTYPES, assert_twin_agrees, every_way, going

from minihit import gradcheck
from minihit.ops import smooth

shapes = image_shapes(side=st.integers(2, 7))


@pytest.mark.parametrize("dtype", DTYPES)
@every_way
@given(shape=shapes, seed=seeds)
def test_it_computes_what_its_definition_says(on_gpu, dtype, shape, seed):
    with going(on_gpu):
        assert_twin_agrees(smooth, normal(seed, *shape, dtype=dtype))


@every_way
@given(shape=shapes, seed=seeds)
def test_gradients_agree_with_finite_differences(on_gpu, shape, seed):
    with going(on_gpu):
        gradcheck.check_layer(smooth, None, normal(seed, *shape), np.random.default_rng(seed))


def test_the_taps_are_symmetric_and_those_of_every_second_pixel_sum_to_one():
    """So the first two stand for the last two."""
    taps = smooth.TAPS
    assert taps[::-1] == taps and sum(taps[::2]) == 1.0
