import numpy as np
import pytest
from hypothesis import given
from ops import test_normalize as definition
from ops.test_normalize import EPS, every_kind, example, shapes
from support.helpers import normal, seeds
from support.twins import DTYPES, assert_close, assert_twin_agrees, defined

from minihit import gradcheck
from minihit.ops import normalize

test_parts_that_run_together_are_one_batch = definition.test_parts_that_run_together_are_one_batch
test_a_large_mean_costs_no_accuracy_in_float32 = definition.test_a_large_mean_costs_no_accuracy_in_float32


@pytest.mark.parametrize("dtype", DTYPES)
@every_kind
@given(shape=shapes, seed=seeds)
def test_it_computes_what_its_definition_says(per, dtype, shape, seed):
    assert_twin_agrees(normalize, *example(shape, seed, dtype), per=per, eps=EPS)


@every_kind
@given(shape=shapes, seed=seeds)
def test_backward_agrees_with_finite_differences(per, shape, seed):
    gradcheck.check_layer(normalize, None, example(shape, seed), np.random.default_rng(seed), per=per, eps=EPS)


def test_the_moments_of_the_batch_are_in_the_cache():
    """For running averages."""
    inputs = example((3, 2, 4), 0)
    (_, cache), (_, expected) = (run(*inputs, "channel", EPS) for run in (normalize.forward, lambda *args:
                                                                          defined(normalize.forward, *args)))
    assert cache["count"] == expected["count"] == 6
    for name in ("mean", "variance"):
        assert_close([cache[name]], [expected[name]])


def test_nothing_that_came_in_is_written_to():
    inputs = example((3, 2, 4), 1)
    before, dy = [x.copy() for x in inputs], normal(2, 3, 2, 4)
    for per in ("pixel", "channel"):
        normalize.backward(dy, normalize.forward(*inputs, per, EPS)[1])
    for x, old in zip(inputs, before, strict=True):
        np.testing.assert_array_equal(x, old)
