import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from support.helpers import cast, seeds

from minihit import gradcheck
from minihit.ops import feed_forward

widths = st.integers(1, 5)
examples = {"leading": st.lists(st.integers(1, 4), min_size=1, max_size=3), "c": widths, "hidden": widths,
            "c_out": widths, "seed": seeds}


def example(leading, c, hidden, c_out, seed):
    """(x and the four weights, rng)"""
    rng = np.random.default_rng(seed)
    shapes = (*leading, c), (c, hidden), (hidden,), (hidden, c_out), (c_out,)
    return tuple(rng.standard_normal(shape) for shape in shapes), rng


@given(**examples)
def test_forward_is_the_definition_row_by_row(**drawn):
    (x, expand, expand_bias, contract, contract_bias), _ = example(**drawn)
    y, _ = feed_forward.forward(x, expand, expand_bias, contract, contract_bias)
    for place in np.ndindex(x.shape[:-1]):
        hidden = x[place] @ expand + expand_bias
        active = np.array([h * 0.5 * (1.0 + math.erf(h / math.sqrt(2.0))) for h in hidden])
        np.testing.assert_allclose(y[place], active @ contract + contract_bias, atol=1e-11)


@given(**examples)
def test_backward_agrees_with_finite_differences(**drawn):
    arrays, rng = example(**drawn)
    rows = gradcheck.check_layer(feed_forward, None, arrays, rng)
    assert [row.path for row in rows] == ["x", "expand", "expand_bias", "contract", "contract_bias"]


def test_float32_stays_float32():
    arrays = cast(example((2, 3), 4, 5, 6, 0)[0], np.float32)
    y, cache = feed_forward.forward(*arrays)
    assert {x.dtype for x in (y, *feed_forward.backward(y, cache))} == {np.dtype(np.float32)}


@given(**examples)
def test_what_skips_is_added_to_y(**drawn):
    arrays, rng = example(**drawn)
    y, _ = feed_forward.forward(*arrays)
    skip = rng.standard_normal(y.shape)
    np.testing.assert_allclose(feed_forward.forward(*arrays, skip=skip)[0], y + skip, atol=1e-14)
