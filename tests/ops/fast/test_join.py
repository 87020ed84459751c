import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.helpers import normal, seeds
from support.twins import DTYPES, assert_twin_agrees

from minihit.ops import join


@pytest.mark.parametrize("dtype", DTYPES)
@given(st.lists(st.integers(1, 5), min_size=1, max_size=4), seeds)
def test_it_computes_what_its_definition_says(dtype, shape, seed):
    assert_twin_agrees(join, *normal(seed, 2, *shape, dtype=dtype))
