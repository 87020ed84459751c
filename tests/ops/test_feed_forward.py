from unittest import mock

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.helpers import cast, seeds

from minihit import gradcheck, tree
from minihit.layers import linear
from minihit.ops import feed_forward, readable, strips

widths = st.integers(1, 5)
examples = {"leading": st.lists(st.integers(1, 4), max_size=3), "c": widths, "hidden": widths, "c_out": widths,
            "seed": seeds}
TOLERANCE = {np.float64: 1e-12, np.float32: 2e-5}


def example(leading, c, hidden, c_out, seed, dtype=np.float64):
    rng = np.random.default_rng(seed)
    params = {"expand": linear.init(rng, c, hidden), "contract": linear.init(rng, hidden, c_out)}
    return *cast((gradcheck.perturb(params, rng), rng.standard_normal((*leading, c))), dtype), rng


def in_strips_of(values):
    return mock.patch.object(strips, "WIDE_STRIP", values)


@pytest.mark.parametrize("dtype", TOLERANCE)
@given(values=st.integers(1, 20), **examples)
def test_forward_is_the_definition_strip_by_strip(dtype, values, **drawn):
    params, x, _ = example(**drawn, dtype=dtype)
    with in_strips_of(values):
        y, _ = feed_forward.forward(params, x)
    hidden = x @ params["expand"]["weight"] + params["expand"]["bias"]
    expected = readable.gelu(hidden) @ params["contract"]["weight"] + params["contract"]["bias"]
    assert y.shape == expected.shape and y.dtype == dtype
    np.testing.assert_allclose(y, expected, atol=TOLERANCE[dtype])


@given(**examples)
def test_backward_agrees_with_finite_differences(**drawn):
    params, x, rng = example(**drawn)
    gradcheck.check_layer(feed_forward, params, x, rng)


@given(values=st.integers(1, 20), **examples)
def test_the_length_of_a_strip_changes_nothing(values, **drawn):
    params, x, rng = example(**drawn)
    y, cache = feed_forward.forward(params, x)
    dy = rng.standard_normal(y.shape)
    whole = feed_forward.backward(dy, cache)
    with in_strips_of(values):
        pieces = feed_forward.backward(dy, feed_forward.forward(params, x)[1])
    for (path, one), (_, other) in zip(tree.items(pieces), tree.items(whole), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-11, err_msg=path)
