import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracles import autoencoder as oracle
from support.helpers import assert_adjoint, channels, image_shapes, normal, seeds

from minihit import gradcheck
from minihit.ops import transposed_conv2d

examples = {"shape": image_shapes(side=st.integers(1, 4)), "k": st.integers(1, 5), "c_out": channels, "seed": seeds}


def example(shape, k, c_out, seed, dtype=np.float64):
    """x, weight and dy."""
    b, height, width, c = shape
    return (normal(seed, *shape, dtype=dtype), normal(seed + 1, k, k, c, c_out, dtype=dtype),
            normal(seed + 2, b, 2 * height + k - 2, 2 * width + k - 2, c_out, dtype=dtype))


@given(**examples)
def test_it_is_the_convolution_of_the_pixels_with_zeros_between_and_around_them(**drawn):
    x, weight, dy = example(**drawn)
    k = len(weight)
    expected = oracle.correlate(oracle.pad(oracle.with_zeros(x), k - 1, k - 1), weight)[:, :dy.shape[1], :dy.shape[2]]
    np.testing.assert_allclose(transposed_conv2d.forward(x, weight)[0], expected, atol=1e-12)


@given(**examples)
def test_gradients_are_loops_over_pixels_and_places_of_the_kernel(**drawn):
    x, weight, dy = example(**drawn)
    expected_dx, expected_dweight, k = np.zeros_like(x), np.zeros_like(weight), len(weight)
    for b, row, column, i, j in np.ndindex(*x.shape[:3], k, k):
        above = dy[b, 2 * row + k - 1 - i, 2 * column + k - 1 - j]
        expected_dx[b, row, column] += weight[i, j] @ above
        expected_dweight[i, j] += np.outer(x[b, row, column], above)
    dx, dweight = transposed_conv2d.backward(dy, transposed_conv2d.forward(x, weight)[1])
    np.testing.assert_allclose(dx, expected_dx, atol=1e-12)
    np.testing.assert_allclose(dweight, expected_dweight, atol=1e-11)


@given(**examples)
def test_gradients_agree_with_finite_differences(**drawn):
    x, weight, _ = example(**drawn)
    gradcheck.check_layer(transposed_conv2d, None, (x, weight), np.random.default_rng(0))


@given(**examples)
def test_the_input_gradient_is_the_transpose(**drawn):
    x, weight, dy = example(**drawn)
    assert_adjoint(lambda x: transposed_conv2d.forward(x, weight)[0],
                   lambda dy: transposed_conv2d.input_gradient(dy, {"weight": weight}), x, dy)


def test_a_single_pixel_paints_the_kernel_turned_around():
    weight, x = normal(0, 3, 3, 1, 2), np.zeros((1, 3, 3, 1))
    x[0, 1, 2] = 1.0
    y, _ = transposed_conv2d.forward(x, weight)
    assert y.shape == (1, 7, 7, 2)
    np.testing.assert_array_equal(y[0, 2:5, 4:7], weight[::-1, ::-1, 0])
    y[0, 2:5, 4:7] = 0.0
    assert not y.any()


@pytest.mark.parametrize("k", [2, 3])
def test_float32_stays_float32(k):
    x, weight, dy = example((2, 3, 2, 3), k, 2, 0, np.float32)
    y, cache = transposed_conv2d.forward(x, weight)
    assert {array.dtype for array in (y, *transposed_conv2d.backward(dy, cache))} == {np.dtype(np.float32)}
