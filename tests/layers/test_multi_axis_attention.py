import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.helpers import seeds

from minihit import gradcheck
from minihit.layers import multi_axis_attention as attention
from minihit.ops import window_merge

axes = st.sampled_from([("block", "grid"), ("block",), ("grid",)])
examples = {"windows": st.integers(1, 4), "pixels": st.integers(1, 4), "half": st.integers(1, 2),
            "width": st.integers(1, 3), "multi_query": st.booleans(), "seed": seeds}


def example(windows, pixels, half, width, multi_query, seed):
    rng = np.random.default_rng(seed)
    channels = 2 * half * width
    params = gradcheck.perturb(attention.init(rng, channels, 2 * half, multi_query), rng, scale=0.7)
    return params, rng.standard_normal((2, windows, pixels, channels)), rng


def definition(params, x, axes):
    """One head, one window or place, one image at a time, as HIT's paper says it."""
    project = {name: np.einsum("bgpc,cnd->bgpnd", x, params[name]["weight"]) + params[name]["bias"]
               for name in ("query", "key", "value")}
    heads, width = project["query"].shape[-2:]
    out = np.empty_like(project["query"])
    for n in range(heads):
        axis = axes[n * len(axes) // heads]
        query, key, value = (project[name][..., min(n, project[name].shape[-2] - 1), :] for name in project)
        places = [(slice(None), g) for g in range(x.shape[1])] if axis == "block" else \
                 [(slice(None), slice(None), p) for p in range(x.shape[2])]
        for place in places:
            scores = np.exp(query[place] @ key[place].swapaxes(-1, -2) / np.sqrt(width))
            out[place + (Ellipsis, n, slice(None))] = scores / scores.sum(-1, keepdims=True) @ value[place]
    return np.einsum("bgpnd,ndc->bgpc", out, params["out"]["weight"]) + params["out"]["bias"]


@given(axes=axes, **examples)
def test_forward_is_the_definition(axes, **shape):
    params, x, _ = example(**shape)
    np.testing.assert_allclose(attention.forward(params, x, axes)[0], definition(params, x, axes), atol=1e-10)


@given(axes=axes, **examples)
def test_backward_agrees_with_finite_differences(axes, **shape):
    params, x, rng = example(**shape)
    gradcheck.check_layer(attention, params, x, rng, axes=axes)


def test_the_first_half_of_the_heads_stays_in_its_window():
    """A change in window 0 reaches window 1 through the grid heads alone."""
    params, x, _ = example(windows=3, pixels=4, half=1, width=2, multi_query=True, seed=0)
    moved = x.copy()
    moved[:, 0] += 1.0
    params["out"]["weight"][1] = 0.0                                      # silence head 1, of the grid
    before, after = (attention.forward(params, at)[0] for at in (x, moved))
    np.testing.assert_array_equal(before[:, 1:], after[:, 1:])
    assert (before[:, 0] != after[:, 0]).any()


def test_attention_maps_are_in_the_cache():
    params, x, _ = example(windows=3, pixels=4, half=1, width=2, multi_query=True, seed=1)
    _, cache = attention.forward(params, x)
    assert cache["block"]["probs"].shape == (2, 3, 1, 4, 4)               # (B, G, N, P, P)
    assert cache["grid"]["probs"].shape == (2, 4, 1, 3, 3)                # (B, P, N, G, G)


@pytest.mark.parametrize("options, key_heads", [({}, 1), ({"multi_query": True}, 1), ({"multi_query": False}, 4)])
def test_head_counts_are_in_the_weights(options, key_heads):
    params = attention.init(np.random.default_rng(0), 8, 4, **options)
    assert params["query"]["weight"].shape == (8, 4, 2) and params["key"]["weight"].shape == (8, key_heads, 2)


@given(axes=axes, **examples)
def test_permuted_windows_and_offsets_give_permuted_results(axes, **shape):
    """Attention knows no places: windows, and the same offsets in all of them, may change theirs, forth and back."""
    params, x, rng = example(**shape)
    rows, columns = rng.permutation(x.shape[1])[:, None], rng.permutation(x.shape[2])
    (y, cache), dy = attention.forward(params, x, axes), rng.standard_normal(x.shape)
    moved, moved_cache = attention.forward(params, x[:, rows, columns], axes)
    np.testing.assert_allclose(moved, y[:, rows, columns], atol=1e-12)
    dx, _ = attention.backward(dy, cache)
    dx_moved, _ = attention.backward(dy[:, rows, columns], moved_cache)
    np.testing.assert_allclose(dx_moved, dx[:, rows, columns], atol=1e-11)


@pytest.mark.parametrize("axis", attention.AXES)
@given(**examples)
def test_what_does_not_share_an_axis_is_alone(axis, **shape):
    """Each window has its own permutation of pixels in block attention, each offset its own of windows in the grid."""
    params, x, rng = example(**shape)
    along, across = (2, 1) if axis == "block" else (1, 2)
    order = rng.permuted(np.broadcast_to(np.arange(x.shape[along]), (x.shape[across], x.shape[along])), axis=1)
    order = order[None, :, :, None] if axis == "block" else order.T[None, :, :, None]
    moved, _ = attention.forward(params, np.take_along_axis(x, order, along), (axis,))
    expected = np.take_along_axis(attention.forward(params, x, (axis,))[0], order, along)
    np.testing.assert_allclose(moved, expected, atol=1e-12)


def rows_below(windows, side):
    """The image whose windows are its rows."""
    return window_merge.forward(windows, (1, side), side)[0]


@given(side=st.integers(1, 4), half=st.integers(1, 2), width=st.integers(1, 3), multi_query=st.booleans(), seed=seeds)
def test_windows_of_one_row_make_attention_axial(side, half, width, multi_query, seed):
    """Half the heads attend along the pixel's row, half along its column (Ho et al. 2019), pixel by pixel."""
    params, x, _ = example(side, side, half, width, multi_query, seed)
    image, y = rows_below(x, side), attention.forward(params, x)[0]
    project = {name: np.einsum("bhwc,cnd->bhwnd", image, params[name]["weight"]) + params[name]["bias"]
               for name in ("query", "key", "value")}
    out = np.empty_like(project["query"])
    for row, column, n in np.ndindex(side, side, 2 * half):
        line = (slice(None), row) if n < half else (slice(None), slice(None), column)
        key, value = (project[name][line][..., min(n, project[name].shape[-2] - 1), :] for name in ("key", "value"))
        scores = np.exp(np.einsum("bd,bkd->bk", project["query"][:, row, column, n], key) / np.sqrt(width))
        out[:, row, column, n] = np.einsum("bk,bkd->bd", scores, value) / scores.sum(-1, keepdims=True)
    expected = np.einsum("bhwnd,ndc->bhwc", out, params["out"]["weight"]) + params["out"]["bias"]
    np.testing.assert_allclose(rows_below(y, side), expected, atol=1e-10)


def test_what_skips_is_added_to_y():
    params, x, rng = example(2, 3, 1, 2, True, 0)
    y, skip = attention.forward(params, x)[0], rng.standard_normal(x.shape)
    np.testing.assert_allclose(attention.forward(params, x, skip=skip)[0], y + skip, atol=1e-14)
