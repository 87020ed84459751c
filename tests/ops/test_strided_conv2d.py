import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.helpers import assert_adjoint, channels, even_image_shapes, normal, seeds

from minihit import gradcheck
from minihit.ops import strided_conv2d

examples = {"shape": even_image_shapes(), "k": st.sampled_from([2, 4, 6]), "c_out": channels, "seed": seeds}


def example(shape, k, c_out, seed, dtype=np.float64):
    """x, weight and dy."""
    b, height, width, c = shape
    return (normal(seed, *shape, dtype=dtype), normal(seed + 1, k, k, c, c_out, dtype=dtype),
            normal(seed + 2, b, height // 2, width // 2, c_out, dtype=dtype))


@given(**examples)
def test_every_second_pixel_is_a_sum_over_its_neighbourhood(**drawn):
    x, weight, _ = example(**drawn)
    k = len(weight)
    padded = np.pad(x, [(0, 0), (k // 2 - 1, k // 2 - 1), (k // 2 - 1, k // 2 - 1), (0, 0)])
    neighbourhoods = np.lib.stride_tricks.sliding_window_view(padded, (k, k), axis=(1, 2))[:, ::2, ::2]
    expected = np.einsum("bhwcij,ijcd->bhwd", neighbourhoods, weight)
    np.testing.assert_allclose(strided_conv2d.forward(x, weight)[0], expected, atol=1e-12)


@given(**examples)
def test_gradients_are_loops_over_pixels_and_places_of_the_kernel(**drawn):
    x, weight, dy = example(**drawn)
    expected_dx, expected_dweight = np.zeros_like(x), np.zeros_like(weight)
    (_, height, width, _), k = x.shape, len(weight)
    for b, row, column, i, j in np.ndindex(*dy.shape[:3], k, k):
        above, left = 2 * row + i - (k // 2 - 1), 2 * column + j - (k // 2 - 1)
        if 0 <= above < height and 0 <= left < width:
            expected_dx[b, above, left] += weight[i, j] @ dy[b, row, column]
            expected_dweight[i, j] += np.outer(x[b, above, left], dy[b, row, column])
    _, cache = strided_conv2d.forward(x, weight)
    dx, dweight = strided_conv2d.backward(dy, cache)
    np.testing.assert_allclose(dx, expected_dx, atol=1e-12)
    np.testing.assert_allclose(dweight, expected_dweight, atol=1e-11)


@given(**examples)
def test_gradients_agree_with_finite_differences(**drawn):
    x, weight, _ = example(**drawn)
    gradcheck.check_layer(strided_conv2d, None, (x, weight), np.random.default_rng(0))


@given(**examples)
def test_the_input_gradient_is_the_transpose_and_needs_the_weight_alone(**drawn):
    x, weight, dy = example(**drawn)
    assert_adjoint(lambda x: strided_conv2d.forward(x, weight)[0],
                   lambda dy: strided_conv2d.input_gradient(dy, {"weight": weight}), x, dy)


def test_a_kernel_with_a_single_one_takes_every_second_pixel():
    x, weight = normal(3, 1, 6, 8, 1), np.zeros((4, 4, 1, 1))
    weight[0, 3] = 1.0                                                    # the pixel above, two to the right
    y, _ = strided_conv2d.forward(x, weight)
    np.testing.assert_array_equal(y[:, 1:, :-1], x[:, 1:-1:2, 2::2])
    assert not y[:, 0].any() and not y[:, :, -1].any()


@pytest.mark.parametrize("k", [2, 4])
def test_float32_stays_float32(k):
    x, weight, dy = example((2, 4, 6, 3), k, 2, 0, np.float32)
    y, cache = strided_conv2d.forward(x, weight)
    assert {array.dtype for array in (y, *strided_conv2d.backward(dy, cache))} == {np.dtype(np.float32)}
