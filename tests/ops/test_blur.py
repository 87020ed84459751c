import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from support.helpers import assert_adjoint, image_shapes, normal, seeds

from minihit.ops import blur

shapes = image_shapes(side=st.integers(3, 8))


def definition(x):
    """Every pixel from its 5 x 5 neighbours; those outside the image are the ones that a mirror at the border shows."""
    taps, y = np.array([1, 4, 6, 4, 1]) / 16, np.zeros_like(x)
    for i, j in np.ndindex(x.shape[1:3]):
        for di, dj in np.ndindex(5, 5):
            at = [mirrored(k + d - 2, n) for k, d, n in zip((i, j), (di, dj), x.shape[1:3], strict=True)]
            y[:, i, j] += taps[di] * taps[dj] * x[:, at[0], at[1]]
    return y


def mirrored(i, n):
    return abs(i) if i < n else 2 * (n - 1) - i


@given(shapes, seeds)
def test_forward_is_the_definition(shape, seed):
    x = normal(seed, *shape)
    np.testing.assert_allclose(blur.forward(x)[0], definition(x), atol=1e-14)


@given(image_shapes(side=st.integers(2, 8)), seeds)
def test_backward_is_the_transpose(shape, seed):
    assert_adjoint(lambda x: blur.forward(x)[0], lambda dy: blur.backward(dy, {}), normal(seed, *shape),
                   normal(seed + 1, *shape))


def test_away_from_the_border_the_blur_is_its_own_transpose_and_at_the_border_it_is_not():
    dy = normal(0, 1, 9, 9, 2)
    there, back = blur.forward(dy)[0], blur.backward(dy, {})
    np.testing.assert_allclose(back[:, 3:-3, 3:-3], there[:, 3:-3, 3:-3])
    assert np.abs(back - there)[:, 0].max() > 0.1


def test_backward_leaves_its_gradient_as_it_was():
    dy = normal(0, 1, 5, 5, 2)
    blur.backward(dy, {})
    np.testing.assert_array_equal(dy, normal(0, 1, 5, 5, 2))


def test_a_constant_is_kept_and_a_point_becomes_the_binomial_filter():
    flat = np.full((1, 16, 16, 1), 0.7, np.float32)
    np.testing.assert_allclose(blur.forward(flat)[0], flat, rtol=1e-6)
    point = np.zeros((1, 9, 9, 1), np.float32)
    point[0, 4, 4] = 1
    binomial = np.array([0, 0, 1, 4, 6, 4, 1, 0, 0]) / 16
    np.testing.assert_allclose(blur.forward(point)[0][0, :, :, 0], np.outer(binomial, binomial), atol=1e-7)
