from unittest import mock

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ops.test_feed_forward import example, examples
from support.helpers import cast
from support.twins import DTYPES, assert_twin_agrees

from minihit import gradcheck
from minihit.ops import feed_forward
from minihit.ops.fast import strips


def in_strips_of(values):
    return mock.patch.object(strips, "WIDE_STRIP", values)


@pytest.mark.parametrize("dtype", DTYPES)
@given(values=st.integers(1, 20), **examples)
def test_strip_by_strip_it_computes_what_its_definition_says(dtype, values, **drawn):
    arrays, _ = example(**drawn)
    with in_strips_of(values):
        assert_twin_agrees(feed_forward, *cast(arrays, dtype))


@given(values=st.integers(1, 20), **examples)
def test_strip_by_strip_what_skips_is_added_to_y(values, **drawn):
    arrays, rng = example(**drawn)
    y, _ = feed_forward.forward(*arrays)
    skip = rng.standard_normal(y.shape)
    before = skip.copy()
    with in_strips_of(values):
        found, _ = feed_forward.forward(*arrays, skip=skip)
    np.testing.assert_allclose(found, y + skip, atol=1e-11)
    np.testing.assert_array_equal(skip, before)


@given(**examples)
def test_backward_agrees_with_finite_differences(**drawn):
    arrays, rng = example(**drawn)
    gradcheck.check_layer(feed_forward, None, arrays, rng)


@given(values=st.integers(1, 20), **examples)
def test_the_length_of_a_strip_changes_nothing(values, **drawn):
    arrays, rng = example(**drawn)
    y, cache = feed_forward.forward(*arrays)
    dy = rng.standard_normal(y.shape)
    whole = feed_forward.backward(dy, cache)
    with in_strips_of(values):
        pieces = feed_forward.backward(dy, feed_forward.forward(*arrays)[1])
    for one, other in zip(pieces, whole, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-11)


def test_only_the_hidden_layer_is_kept_beside_what_came_in():
    arrays, _ = example((4,), 3, 12, 3, 0)
    _, cache = feed_forward.forward(*arrays)
    assert cache["hidden"].shape == (4, 12)
    assert {name: value for name, value in cache.items() if not any(value is x for x in arrays)}.keys() == {"hidden"}
