import numpy as np
import pytest
from hypothesis import given
from ops import test_standardize as definition
from ops.test_standardize import example, shapes
from support.helpers import seeds
from support.twins import DTYPES, assert_twin_agrees

from minihit import gradcheck
from minihit.ops import standardize

test_what_skips_is_added_to_dx = definition.test_what_skips_is_added_to_dx


@pytest.mark.parametrize("dtype", DTYPES)
@given(shapes, seeds)
def test_it_computes_what_its_definition_says(dtype, shape, seed):
    inputs, options = example(shape, seed, dtype)
    assert_twin_agrees(standardize, *inputs, **options)


@given(shapes, seeds)
def test_backward_agrees_with_finite_differences(shape, seed):
    inputs, options = example(shape, seed)
    gradcheck.check_layer(standardize, None, inputs, np.random.default_rng(seed), **options)
