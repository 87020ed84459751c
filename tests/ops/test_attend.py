import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from support.helpers import assert_same, normal, seeds

from minihit import gradcheck
from minihit.ops import attend

small = st.integers(1, 5)
leading_axes = st.lists(st.integers(1, 3), max_size=2)


@st.composite
def queries_keys_values(draw, dtype=np.float64):
    """query (..., Q, N, D); key and value (..., K, N or 1, D)."""
    leading, (q, k, n, d), shared = draw(leading_axes), draw(st.tuples(small, small, small, small)), draw(st.booleans())
    rng = np.random.default_rng(draw(seeds))
    shapes = (q, n, d), (k, 1 if shared else n, d), (k, 1 if shared else n, d)
    return tuple(rng.standard_normal((*leading, *shape)).astype(dtype) for shape in shapes)


@given(queries_keys_values(), seeds)
def test_backward_agrees_with_finite_differences(arrays, seed):
    gradcheck.check_layer(attend, None, arrays, np.random.default_rng(seed))


@given(queries_keys_values())
def test_shared_keys_are_the_same_keys_for_every_head(arrays):
    query, key, value = arrays
    heads = query.shape[-2]
    out, _ = attend.forward(query, key[..., :1, :], value[..., :1, :])
    repeated, _ = attend.forward(query, *(np.repeat(x[..., :1, :], heads, axis=-2) for x in (key, value)))
    np.testing.assert_allclose(out, repeated, atol=1e-12)


def test_probs_sum_to_one_over_the_keys():
    _, cache = attend.forward(normal(0, 2, 3, 4, 5), normal(1, 2, 6, 1, 5), normal(2, 2, 6, 1, 5))
    assert cache["probs"].shape == (2, 4, 3, 6)
    np.testing.assert_allclose(cache["probs"].sum(axis=-1), 1.0, atol=1e-14)


def test_the_dtype_stays_and_a_head_of_one_channel_is_not_scaled():
    arrays = [normal(seed, 1, 2, 1, 1, dtype=np.float32) for seed in range(3)]
    out, cache = attend.forward(*arrays)
    assert {x.dtype for x in (out, cache["probs"], *attend.backward(out, cache))} == {np.dtype(np.float32)}
    scores = arrays[0][0, :, 0] @ arrays[1][0, :, 0].T
    np.testing.assert_allclose(cache["probs"][0, 0], np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True), 1e-5)


def test_a_shift_of_all_keys_changes_nothing():
    query, key, value = normal(0, 2, 3, 4, 5), normal(1, 2, 6, 1, 5), normal(2, 2, 6, 1, 5)
    shifted, _ = attend.forward(query, key + 3.0, value)
    np.testing.assert_allclose(shifted, attend.forward(query, key, value)[0], atol=1e-12)


def test_large_scores_do_not_overflow():
    query = normal(3, 1, 4, 2, 8, dtype=np.float32) * 1e4
    out, _ = attend.forward(query, query, query)
    assert np.isfinite(out).all()


def test_one_key_is_always_taken():
    value = normal(4, 2, 1, 1, 3)
    out, _ = attend.forward(normal(5, 2, 4, 2, 3), normal(6, 2, 1, 1, 3), value)
    assert_same(out, np.broadcast_to(value, out.shape))


@given(queries_keys_values())
def test_forward_is_a_loop_over_heads_and_queries(arrays):
    query, key, value = arrays
    out, _ = attend.forward(*arrays)
    for place in np.ndindex(out.shape[:-1]):                              # (..., query, head)
        leading, head = place[:-2], min(place[-1], key.shape[-2] - 1)
        keys, values = (x[(*leading, slice(None), head)] for x in (key, value))
        scores = [math.exp(query[place] @ keys[k] / math.sqrt(query.shape[-1])) for k in range(len(keys))]
        expected = sum(score * values[k] for k, score in enumerate(scores)) / sum(scores)
        np.testing.assert_allclose(out[place], expected, atol=1e-12)


@given(queries_keys_values(), seeds)
def test_the_order_of_keys_does_not_matter_and_that_of_queries_is_kept(arrays, seed):
    query, key, value = arrays
    rng = np.random.default_rng(seed)
    queries, keys = (rng.permutation(x.shape[-3]) for x in (query, key))
    out, _ = attend.forward(query[..., queries, :, :], key[..., keys, :, :], value[..., keys, :, :])
    np.testing.assert_allclose(out, attend.forward(*arrays)[0][..., queries, :, :], atol=1e-12)
