import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.helpers import seeds

from minihit import gradcheck
from minihit.layers import cross_attention
from minihit.ops import attend

small = st.integers(1, 4)
pixel_axes = st.lists(st.integers(1, 3), min_size=1, max_size=2)


def example(seed, pixels, heads, width, tokens, multi_query):
    rng = np.random.default_rng(seed)
    channels, token_channels = heads * width, 5
    params = gradcheck.perturb(cross_attention.init(rng, channels, heads, token_channels, multi_query), rng, scale=0.7)
    return params, rng.standard_normal((2, *pixels, channels)), rng.standard_normal((2, tokens, token_channels)), rng


@given(pixel_axes, small, small, small, st.booleans(), seeds)
def test_backward_agrees_with_finite_differences(pixels, heads, width, tokens, multi_query, seed):
    params, x, t, rng = example(seed, pixels, heads, width, tokens, multi_query)
    gradcheck.check_layer(cross_attention, params, (x, t), rng)


@given(small, small, small, st.booleans(), seeds)
def test_forward_is_the_definition(heads, width, tokens, multi_query, seed):
    params, x, t, _ = example(seed, (3,), heads, width, tokens, multi_query)
    query, key, value = (np.einsum("blc,cnd->blnd", source, params[name]["weight"]) + params[name]["bias"]
                         for name, source in (("query", x), ("key", t), ("value", t)))
    out, _ = attend.forward(query, key, value)
    expected = np.einsum("blnd,ndc->blc", out, params["out"]["weight"]) + params["out"]["bias"]
    np.testing.assert_allclose(cross_attention.forward(params, x, t)[0], expected, atol=1e-10)


def test_the_arrangement_of_the_pixels_does_not_matter():
    params, x, t, _ = example(0, (2, 3), 2, 2, 4, True)
    image, _ = cross_attention.forward(params, x, t)
    row, _ = cross_attention.forward(params, x.reshape(2, 6, 4), t)
    np.testing.assert_array_equal(image.reshape(row.shape), row)


def test_one_token_answers_every_pixel_alike():
    params, x, t, _ = example(1, (3,), 2, 2, 1, True)
    y, _ = cross_attention.forward(params, x, t)
    np.testing.assert_allclose(y, np.broadcast_to(y[:, :1], y.shape), atol=1e-14)


@pytest.mark.parametrize("options, key_heads", [({}, 1), ({"multi_query": True}, 1), ({"multi_query": False}, 4)])
def test_head_counts_are_in_the_weights(options, key_heads):
    params = cross_attention.init(np.random.default_rng(0), 8, 4, 5, **options)
    assert {name: layer["weight"].shape for name, layer in params.items()} == {
        "query": (8, 4, 2), "key": (5, key_heads, 2), "value": (5, key_heads, 2), "out": (4, 2, 8)}


def test_what_skips_is_added_to_y():
    params, x, t, rng = example(2, (2, 3), 2, 2, 4, True)
    y, skip = cross_attention.forward(params, x, t)[0], rng.standard_normal(x.shape)
    np.testing.assert_allclose(cross_attention.forward(params, x, t, skip)[0], y + skip, atol=1e-14)
