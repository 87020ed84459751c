import pytest
from hypothesis import given
from support.helpers import image_shapes, normal, seeds
from support.twins import DTYPES, assert_twin_agrees

from minihit.ops import upsample


@pytest.mark.parametrize("dtype", DTYPES)
@given(image_shapes(), seeds)
def test_it_computes_what_its_definition_says(dtype, shape, seed):
    assert_twin_agrees(upsample, normal(seed, *shape, dtype=dtype))
