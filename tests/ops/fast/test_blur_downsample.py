import numpy as np
import pytest
from hypothesis import given
from support.helpers import image_shapes, normal, seeds
from support.twins import DTYPES, assert_twin_agrees, every_way, going

from minihit import gradcheck
from minihit.ops import blur_downsample


@pytest.mark.parametrize("dtype", DTYPES)
@every_way
@given(shape=image_shapes(), seed=seeds)
def test_it_computes_what_its_definition_says(on_gpu, dtype, shape, seed):
    with going(on_gpu):
        assert_twin_agrees(blur_downsample, normal(seed, *shape, dtype=dtype))


@every_way
@given(shape=image_shapes(), seed=seeds)
def test_gradients_agree_with_finite_differences(on_gpu, shape, seed):
    rng = np.random.default_rng(seed)
    with going(on_gpu):
        gradcheck.check_layer(blur_downsample, None, rng.standard_normal(shape), rng)
        gradcheck.check_tangent(blur_downsample, None, rng.standard_normal(shape), rng)


def test_the_taps_are_symmetric_and_sum_to_one():
    """So the first two stand for the last two."""
    taps = blur_downsample.TAPS
    assert taps[::-1] == taps and sum(taps) == 1.0
