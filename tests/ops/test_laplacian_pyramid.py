import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ops.test_blur import definition
from support.helpers import image_shapes, normal, seeds

from minihit.ops import laplacian_pyramid as pyramid


def enlarged(x, shape):
    sparse = np.zeros(shape)
    sparse[:, ::2, ::2] = 4 * x
    return definition(sparse)


@given(image_shapes(side=st.integers(3, 9)), st.integers(2, 4), seeds)
def test_a_level_is_what_the_next_one_does_not_say(shape, smallest, seed):
    x = normal(seed, *shape)
    levels, _ = pyramid.forward(x, smallest)
    for level in levels[:-1]:
        smaller = definition(x)[:, ::2, ::2]
        np.testing.assert_allclose(level, x - enlarged(smaller, x.shape), atol=1e-13)
        x = smaller
    np.testing.assert_allclose(levels[-1], x, atol=1e-13)


@pytest.mark.parametrize("side, smallest, sides", [
    (32, 16, [32, 16]), (64, 16, [64, 32, 16]), (32, 8, [32, 16, 8]), (31, 16, [31]), (9, 2, [9, 5, 3]),
    (8, 2, [8, 4, 2]), (3, 16, [3])])
def test_levels_halve_as_long_as_the_next_is_not_too_small(side, smallest, sides):
    levels, _ = pyramid.forward(np.zeros((1, side, side + 40, 3), np.float32), smallest)
    assert [level.shape[1] for level in levels] == sides
    assert {level.dtype for level in levels} == {np.dtype(np.float32)}


def test_the_last_level_has_16_pixels_a_side_unless_told_otherwise():
    assert [level.shape[2] for level in pyramid.forward(np.zeros((1, 64, 64, 3)))[0]] == [64, 32, 16]


def test_no_level_is_smaller_than_the_blur_can_mirror():
    with pytest.raises(ValueError, match="at least 2 pixels a side, not 1"):
        pyramid.forward(np.zeros((1, 8, 8, 3)), 1)


@given(image_shapes(side=st.integers(4, 9)), seeds)
def test_levels_add_up_to_the_image(shape, seed):
    x = normal(seed, *shape)
    *details, rest = pyramid.forward(x, 2)[0]
    for detail in reversed(details):
        rest = detail + pyramid.enlarged(rest, detail.shape)
    np.testing.assert_allclose(rest, x, atol=1e-13)


@given(image_shapes(side=st.integers(4, 9)), seeds)
def test_backward_is_the_transpose(shape, seed):
    x = normal(seed, *shape)
    levels, cache = pyramid.forward(x, 2)
    dlevels = [normal(seed + i, *level.shape) for i, level in enumerate(levels, start=1)]
    there = sum((dlevel * level).sum() for dlevel, level in zip(dlevels, levels, strict=True))
    np.testing.assert_allclose((pyramid.backward(dlevels, cache) * x).sum(), there, rtol=1e-10, atol=1e-10)


def test_enlarging_keeps_a_constant():
    flat = np.full((1, 16, 16, 1), 0.7, np.float32)
    np.testing.assert_allclose(pyramid.enlarged(flat[:, ::2, ::2], flat.shape), flat, rtol=1e-6)
