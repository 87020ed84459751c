"""The transforms against the small matrices that define them, and the whole against the convolution that it is."""

import numpy as np
from hypothesis import given
from support.helpers import assert_adjoint, channels, even_image_shapes, normal, seeds
from support.twins import defined

from minihit.ops import conv2d
from minihit.ops.fast import winograd

INPUT = np.array([[1, 0, -1, 0], [0, 1, 1, 0], [0, -1, 1, 0], [0, 1, 0, -1]])
OUTPUT = np.array([[1, 1, 1, 0], [0, 1, -1, -1]])
KERNEL = np.array(winograd.KERNEL)


def bordered(x):
    return np.pad(x, [(0, 0), (1, 1), (1, 1), (0, 0)])


def convolved(x, weight):
    """By the definition."""
    return defined(conv2d.forward, x, weight)[0]


def squares(x, side):
    """The side x side squares of x (B, H, W, C), two pixels apart: (side, side, T, C)."""
    _, height, width, c = x.shape
    cut = [x[:, i:i + side, j:j + side] for i in range(0, height - side + 1, 2) for j in range(0, width - side + 1, 2)]
    return np.stack(cut, axis=1).transpose(2, 3, 0, 1, 4).reshape(side, side, -1, c)   # tiles row-major in an image


def mixed(matrix, tiles):
    """matrix tile matrix^T for every tile and channel."""
    return np.einsum("ij,jk...,lk->il...", matrix, tiles, matrix).reshape(len(matrix) ** 2, *tiles.shape[2:])


@given(even_image_shapes(), seeds)
def test_tiles_are_mixed_by_the_input_matrix(shape, seed):
    padded = bordered(normal(seed, *shape))
    np.testing.assert_allclose(winograd.transform_input(padded), mixed(INPUT, squares(padded, 4)), atol=1e-12)


@given(even_image_shapes(), seeds)
def test_gradients_are_mixed_by_the_transposed_output_matrix(shape, seed):
    dy = normal(seed, *shape)
    np.testing.assert_allclose(winograd.transform_output_gradient(dy), mixed(OUTPUT.T, squares(dy, 2)), atol=1e-12)


@given(channels, channels, seeds)
def test_kernels_are_mixed_by_the_kernel_matrix_and_back_by_its_transpose(c, c_out, seed):
    weight, dkernel = normal(seed, 3, 3, c, c_out), normal(seed + 1, 16, c, c_out)
    np.testing.assert_allclose(winograd.transform_kernel(weight), mixed(KERNEL, weight), atol=1e-12)
    assert_adjoint(winograd.transform_kernel, winograd.transform_kernel_gradient, weight, dkernel)


@given(even_image_shapes(), channels, seeds)
def test_forward_is_the_convolution_and_the_weights_gradient_its_transpose(shape, c_out, seed):
    x, weight, y = normal(seed, *shape), normal(seed + 1, 3, 3, shape[-1], c_out), np.empty((*shape[:3], c_out))
    winograd.forward(bordered(x), winograd.transform_kernel(weight), out=y)
    np.testing.assert_allclose(y, convolved(x, weight), atol=1e-12)
    assert_adjoint(lambda weight: convolved(x, weight),
                   lambda dy: winograd.transform_kernel_gradient(winograd.weight_gradient(bordered(x), dy)),
                   weight, normal(seed + 2, *y.shape))
