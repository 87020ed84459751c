import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from support.helpers import assert_same, normal, seeds

from minihit import gradcheck
from minihit.ops import standardize

shapes = st.lists(st.integers(1, 5), min_size=1, max_size=4)


def example(shape, seed, dtype=np.float64):
    """((x, scale, bias), options): variances as small as the root of eps, too."""
    rng, c = np.random.default_rng(seed), shape[-1]
    inputs = tuple(rng.standard_normal(part).astype(dtype) for part in (shape, c, c))
    return inputs, {"mean": rng.standard_normal(c).astype(dtype), "variance": rng.random(c).astype(dtype), "eps": 0.1}


@given(shapes, seeds)
def test_forward_is_the_formula(shape, seed):
    (x, scale, bias), options = example(shape, seed)
    y, _ = standardize.forward(x, scale, bias, **options)
    expected = scale * (x - options["mean"]) / np.sqrt(options["variance"] + 0.1) + bias
    np.testing.assert_allclose(y, expected, atol=1e-12)


@given(shapes, seeds)
def test_backward_agrees_with_finite_differences(shape, seed):
    inputs, options = example(shape, seed)
    rows = gradcheck.check_layer(standardize, None, inputs, np.random.default_rng(seed), **options)
    assert [row.path for row in rows] == ["x", "scale", "bias"]


def test_float32_stays_float32():
    inputs, options = example((2, 3, 4), 0, np.float32)
    y, cache = standardize.forward(*inputs, **options)
    assert {x.dtype for x in (y, *standardize.backward(normal(1, 2, 3, 4, dtype=np.float32), cache))} == {
        np.dtype(np.float32)}


@given(shapes, seeds)
def test_what_skips_is_added_to_dx(shape, seed):
    inputs, options = example(shape, seed)
    y, cache = standardize.forward(*inputs, **options)
    dy, skip = normal(seed + 1, *y.shape), normal(seed + 2, *y.shape)
    dx, *grads = standardize.backward(dy, cache)
    found, *same = standardize.backward(dy, cache, skip)
    np.testing.assert_allclose(found, dx + skip, atol=1e-14)
    assert_same(same, grads)
