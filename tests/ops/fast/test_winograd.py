"""The transforms against the small matrices that define them, and the whole against the convolution that it is."""

import numpy as np
from hypothesis import given
from support.helpers import assert_adjoint, channels, even_image_shapes, normal, seeds
from support.twins import defined, every_way, going

from minihit.ops import conv2d
from minihit.ops.fast import winograd, winograd_passes

INPUT = np.array([[1, 0, -1, 0], [0, 1, 1, 0], [0, -1, 1, 0], [0, 1, 0, -1]])
OUTPUT = np.array([[1, 1, 1, 0], [0, 1, -1, -1]])
KERNEL = np.array(winograd_passes.KERNEL)


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


@every_way
@given(shape=even_image_shapes(), seed=seeds)
def test_tiles_are_mixed_by_the_input_matrix(on_gpu, shape, seed):
    padded = bordered(normal(seed, *shape))
    with going(on_gpu):
        np.testing.assert_allclose(winograd.transform_input(padded), mixed(INPUT, squares(padded, 4)), atol=1e-12)


@every_way
@given(shape=even_image_shapes(), seed=seeds)
def test_gradients_are_mixed_by_the_transposed_output_matrix(on_gpu, shape, seed):
    dy = normal(seed, *shape)
    with going(on_gpu):
        np.testing.assert_allclose(winograd.transform_output_gradient(dy), mixed(OUTPUT.T, squares(dy, 2)), atol=1e-12)


@every_way
@given(c=channels, c_out=channels, seed=seeds)
def test_kernels_are_mixed_by_the_kernel_matrix_and_back_by_its_transpose(on_gpu, c, c_out, seed):
    weight, dkernel = normal(seed, 3, 3, c, c_out), normal(seed + 1, 16, c, c_out)
    with going(on_gpu):
        np.testing.assert_allclose(winograd.transform_kernel(weight), mixed(KERNEL, weight), atol=1e-12)
        assert_adjoint(winograd.transform_kernel, winograd.transform_kernel_gradient, weight, dkernel)


@every_way
@given(shape=even_image_shapes(), c_out=channels, seed=seeds)
def test_forward_is_the_convolution_and_the_weights_gradient_its_transpose(on_gpu, shape, c_out, seed):
    x, weight, y = normal(seed, *shape), normal(seed + 1, 3, 3, shape[-1], c_out), np.empty((*shape[:3], c_out))
    with going(on_gpu):
        for bias in (0.0, normal(seed + 3, *y.shape)):
            winograd.forward(bordered(x), winograd.transform_kernel(weight), y, None if np.isscalar(bias) else bias)
            np.testing.assert_allclose(y, convolved(x, weight) + bias, atol=1e-12)
        assert_adjoint(lambda weight: convolved(x, weight),
                       lambda dy: winograd.transform_kernel_gradient(winograd.weight_gradient(bordered(x), dy)),
                       weight, normal(seed + 2, *y.shape))
