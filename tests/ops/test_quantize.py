"""The nearest code, and the gradient of what stands in for it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracles import quantizer as oracle
from support.helpers import normal, seeds

from minihit import gradcheck
from minihit.ops import quantize
from minihit.ops.rotation import rotated

shapes = st.lists(st.integers(1, 4), min_size=1, max_size=3)
widths, counts = st.integers(1, 5), st.integers(1, 9)
rotates = st.booleans()
both_ways = pytest.mark.parametrize("rotate", [False, True], ids=["straight-through", "rotation"])


def example(shape, width, count, seed, dtype=np.float64):
    return normal(seed, *shape, width, dtype=dtype), normal(seed + 1, count, width, dtype=dtype)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@given(shape=shapes, width=widths, count=counts, rotate=rotates, seed=seeds)
def test_the_value_is_exactly_the_nearest_code(dtype, shape, width, count, rotate, seed):
    z, codebook = example(shape, width, count, seed, dtype)
    q, cache = quantize.forward(z, codebook, rotate)
    np.testing.assert_array_equal(q, codebook[cache["indices"]])
    assert cache["indices"].shape == tuple(shape) and q.dtype == dtype
    distances = ((z[..., None, :] - codebook) ** 2).sum(axis=-1)
    chosen = np.take_along_axis(distances, cache["indices"][..., None], axis=-1)[..., 0]
    np.testing.assert_allclose(chosen, distances.min(axis=-1), rtol=1e-5, atol=1e-5)


def test_of_equal_codes_the_first_is_taken():
    codebook = np.array([[5.0, 5.0], [1.0, 0.0], [-1.0, 0.0], [1.0, 0.0]])
    _, cache = quantize.forward(np.array([[2.0, 0.0], [0.0, 0.0], [-2.0, 0.0]]), codebook)
    assert cache["indices"].tolist() == [1, 1, 2]


def test_the_border_between_two_codes_lies_in_the_middle():
    codebook = np.array([[1.0, 2.0], [3.0, 6.0]])
    middle, along = codebook.mean(axis=0), codebook[1] - codebook[0]
    _, cache = quantize.forward(np.stack([middle - 1e-6 * along, middle + 1e-6 * along]), codebook)
    assert cache["indices"].tolist() == [0, 1]


@given(shapes, widths, counts, seeds)
def test_straight_through_passes_dq_unchanged(shape, width, count, seed):
    z, codebook = example(shape, width, count, seed)
    _, cache = quantize.forward(z, codebook)
    dq = normal(seed + 2, *z.shape)
    np.testing.assert_array_equal(quantize.backward(dq, cache), dq)


def test_straight_through_is_what_is_done_unless_told_otherwise():
    _, cache = quantize.forward(*example((3,), 4, 5, 0))
    assert "rotation" not in cache


@given(shapes, widths, counts, rotates, seeds)
def test_with_all_held_fixed_gradients_agree_with_finite_differences(shape, width, count, rotate, seed):
    """At the vectors whose codes are held, and at any other."""
    z, codebook = example(shape, width, count, seed)
    _, frozen = quantize.forward(z, codebook, rotate)
    for at in (z, normal(seed + 2, *z.shape)):
        options = {"codebook": codebook, "rotate": rotate, "frozen": frozen}
        gradcheck.check_layer(quantize, None, at, np.random.default_rng(seed), **options)


@both_ways
def test_what_is_held_fixed_gives_the_codes_where_it_was_held_and_the_same_gradient(rotate):
    z, codebook = example((4, 3), 5, 6, 0)
    q, cache = quantize.forward(z, codebook, rotate)
    found, again = quantize.forward(z, codebook, rotate, frozen=cache)
    np.testing.assert_allclose(found, q, atol=1e-12)
    np.testing.assert_array_equal(quantize.backward(z, again), quantize.backward(z, cache))


def test_codes_that_are_held_follow_the_codebook():
    """Which code is held, not where it is: so the codebook's own loss can be differentiated."""
    z, codebook = example((4, 3), 5, 6, 0)
    _, cache = quantize.forward(z, codebook)
    _, again = quantize.forward(2 * z, codebook[::-1], frozen=cache)
    np.testing.assert_array_equal(again["codes"], codebook[::-1][cache["indices"]])
    np.testing.assert_array_equal(again["indices"], cache["indices"])
    np.testing.assert_array_equal(again["z"], 2 * z)


@given(shapes, widths, counts, seeds)
def test_the_rotation_maps_every_vector_onto_its_code(shape, width, count, seed):
    z, codebook = example(shape, width, count, seed)
    q, cache = quantize.forward(z, codebook, rotate=True)
    np.testing.assert_allclose(rotated(z, cache["rotation"]), q, rtol=0, atol=1e-12 * abs(codebook).max())


@given(st.integers(2, 5), seeds)
def test_the_rotation_and_its_transpose_are_those_of_the_matrix_written_out(width, seed):
    (z, e, dq), rng = normal(seed, 3, width), np.random.default_rng(seed + 1)
    matrix = oracle.rotation_matrix(z, e)
    _, cache = quantize.forward(z[None], e[None], rotate=True)
    np.testing.assert_allclose(quantize.backward(dq[None], cache)[0], matrix.T @ dq, atol=1e-11)
    x = rng.standard_normal(width)
    np.testing.assert_allclose(rotated(x[None], cache["rotation"])[0], matrix @ x, atol=1e-11)
    unscaled = matrix * np.linalg.norm(z) / np.linalg.norm(e)
    np.testing.assert_allclose(unscaled @ unscaled.T, np.eye(width), atol=1e-11)
    assert np.linalg.det(unscaled) == pytest.approx(1.0)


@given(shapes, st.integers(2, 5), counts, seeds)
def test_dz_meets_z_at_the_angle_at_which_dq_meets_the_code(shape, width, count, seed):
    z, codebook = example(shape, width, count, seed)
    q, cache = quantize.forward(z, codebook, rotate=True)
    dq = normal(seed + 2, *z.shape)
    np.testing.assert_allclose(cosine(quantize.backward(dq, cache), z), cosine(dq, q), atol=1e-10)


def cosine(a, b):
    return (a * b).sum(-1) / (np.linalg.norm(a, axis=-1) * np.linalg.norm(b, axis=-1))


@pytest.mark.parametrize("z, e", [
    ([0.0, 0.0], [1.0, 2.0]), ([1.0, 2.0], [0.0, 0.0]), ([0.0, 0.0], [0.0, 0.0]), ([1.0, 2.0], [-2.0, -4.0]),
])
def test_vectors_without_a_direction_between_them_leave_all_finite(z, e):
    """Zero, or opposite: then R is the reflection that swaps them."""
    z, e = np.array([z], np.float32), np.array([e], np.float32)
    q, cache = quantize.forward(z, e, rotate=True)
    dz = quantize.backward(np.ones_like(q), cache)
    np.testing.assert_array_equal(q, e)
    np.testing.assert_allclose(rotated(z, cache["rotation"]), e if z.any() else z, atol=1e-6)
    assert np.isfinite(dz).all() and dz.dtype == np.float32


def test_a_length_of_a_millionth_is_the_shortest_that_is_divided_by():
    z, e = np.array([[1e-9, 0.0]]), np.array([[0.0, 2.0]])
    _, cache = quantize.forward(z, e, rotate=True)
    np.testing.assert_allclose(cache["rotation"]["scale"], 2e6)


def test_one_hot_rows_have_a_one_at_their_index_and_none_for_minus_one():
    found = quantize.one_hot(np.array([[2, 0], [-1, 2]]), 3, np.float32)
    np.testing.assert_array_equal(found, [[[0, 0, 1], [1, 0, 0]], [[0, 0, 0], [0, 0, 1]]])
    assert found.dtype == np.float32
