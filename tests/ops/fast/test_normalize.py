import numpy as np
import pytest
from hypothesis import given
from ops import test_normalize as definition
from ops.test_normalize import EPS, every_kind, example, shapes
from support.helpers import normal, seeds
from support.twins import DTYPES, assert_close, assert_twin_agrees, defined, every_way, going

from minihit import gradcheck
from minihit.ops import normalize

test_parts_that_run_together_are_one_batch = definition.test_parts_that_run_together_are_one_batch
test_what_skips_is_added_to_dx = definition.test_what_skips_is_added_to_dx


@every_way
@pytest.mark.parametrize("dtype", DTYPES)
@every_kind
@given(shape=shapes, seed=seeds)
def test_it_computes_what_its_definition_says(per, dtype, on_gpu, shape, seed):
    with going(on_gpu):
        assert_twin_agrees(normalize, *example(shape, seed, dtype), per=per, eps=EPS)


@every_way
@every_kind
@given(shape=shapes, seed=seeds)
def test_backward_agrees_with_finite_differences(per, on_gpu, shape, seed):
    with going(on_gpu):
        gradcheck.check_layer(normalize, None, example(shape, seed), np.random.default_rng(seed), per=per, eps=EPS)


@every_way
@every_kind
def test_a_large_mean_costs_no_accuracy_in_float32(per, on_gpu):
    with going(on_gpu):
        definition.test_a_large_mean_costs_no_accuracy_in_float32(per)


def test_the_moments_of_the_batch_are_in_the_cache():
    """For running averages."""
    inputs = example((3, 2, 4), 0)
    (_, cache), (_, expected) = (run(*inputs, "channel", EPS) for run in (normalize.forward, lambda *args:
                                                                          defined(normalize.forward, *args)))
    assert cache["count"] == expected["count"] == 6
    for name in ("mean", "variance", "unbiased"):
        assert_close([cache[name]], [expected[name]])


@every_way
def test_nothing_that_came_in_is_written_to(on_gpu):
    inputs = example((3, 2, 4), 1)
    dy, skip = normal(2, 3, 2, 4), normal(3, 3, 2, 4)
    given = [*inputs, dy, skip]
    before = [x.copy() for x in given]
    for per in ("pixel", "channel"):
        with going(on_gpu):
            normalize.backward(dy, normalize.forward(*inputs, per, EPS)[1], skip)
    for x, old in zip(given, before, strict=True):
        np.testing.assert_array_equal(x, old)
