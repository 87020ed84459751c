import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.helpers import assert_same, normal, seeds

from minihit import gradcheck, parallel
from minihit.ops import normalize

shapes = st.tuples(st.integers(2, 4), st.integers(1, 3), st.integers(3, 6))
every_kind = pytest.mark.parametrize("per", ["pixel", "channel"])
EPS = 0.1                                                                 # large enough to be noticed


def example(shape, seed, dtype=np.float64):
    """x, scale, bias"""
    rng = np.random.default_rng(seed)
    return tuple(rng.standard_normal(part).astype(dtype) for part in (shape, shape[-1], shape[-1]))


@every_kind
@given(shape=shapes, seed=seeds)
def test_forward_is_the_formula(per, shape, seed):
    x, scale, bias = example(shape, seed)
    axes = (2,) if per == "pixel" else (0, 1)
    mean, variance = x.mean(axis=axes, keepdims=True), x.var(axis=axes, keepdims=True)
    expected = scale * (x - mean) / np.sqrt(variance + EPS) + bias
    np.testing.assert_allclose(normalize.forward(x, scale, bias, per, EPS)[0], expected, atol=1e-12)


@every_kind
@given(shape=shapes, seed=seeds)
def test_backward_agrees_with_finite_differences(per, shape, seed):
    rows = gradcheck.check_layer(normalize, None, example(shape, seed), np.random.default_rng(seed), per=per, eps=EPS)
    assert [row.path for row in rows] == ["x", "scale", "bias"]


@given(shape=shapes, seed=seeds)
def test_parts_that_run_together_are_one_batch(shape, seed):
    """But that each adds up the gradients of its own images."""
    (x, scale, bias), dy = example(shape, seed), normal(seed + 1, *shape)
    y, cache = normalize.forward(x, scale, bias, "channel", EPS)
    dx, dscale, dbias = normalize.backward(dy, cache)

    def work(part, total):
        y, cache = normalize.forward(x[part], scale, bias, "channel", EPS, total)
        return y, cache, *normalize.backward(dy[part], cache)

    (lanes,) = parallel.groups(work, [[slice(0, 1), slice(1, None)]])
    ys, caches, dxs, dscales, dbiases = zip(*lanes, strict=True)
    np.testing.assert_allclose(np.concatenate(ys), y, atol=1e-11)
    np.testing.assert_allclose(np.concatenate(dxs), dx, atol=1e-11)
    np.testing.assert_allclose(sum(dscales), dscale, atol=1e-11)
    np.testing.assert_allclose(sum(dbiases), dbias, atol=1e-11)
    for part in caches:
        assert part["count"] == cache["count"] == shape[0] * shape[1]
        np.testing.assert_allclose(part["mean"], x.mean(axis=(0, 1)), atol=1e-12)
        np.testing.assert_allclose(part["variance"], x.var(axis=(0, 1)), atol=1e-12)
        np.testing.assert_allclose(part["unbiased"], x.var(axis=(0, 1), ddof=1), atol=1e-12)


@every_kind
def test_a_large_mean_costs_no_accuracy_in_float32(per):
    x, scale, bias = example((50, 64, 32), 0, np.float32)
    moved = normalize.forward(x + np.float32(100), scale, bias, per, EPS)[0]
    np.testing.assert_allclose(moved, normalize.forward(x, scale, bias, per, EPS)[0], atol=2e-3)


@every_kind
def test_float32_stays_float32(per):
    y, cache = normalize.forward(*example((2, 3, 4), 0, np.float32), per, EPS)
    found = (y, *(leaf for leaf in cache.values() if hasattr(leaf, "dtype")), *normalize.backward(y, cache))
    assert {x.dtype for x in found} == {np.dtype(np.float32)}


@every_kind
@given(shape=shapes, seed=seeds)
def test_what_skips_is_added_to_dx(per, shape, seed):
    dy, skip = normal(seed + 1, *shape), normal(seed + 2, *shape)
    _, cache = normalize.forward(*example(shape, seed), per, EPS)
    dx, *grads = normalize.backward(dy, cache)
    found, *same = normalize.backward(dy, cache, skip)
    np.testing.assert_allclose(found, dx + skip, atol=1e-14)
    assert_same(same, grads)
