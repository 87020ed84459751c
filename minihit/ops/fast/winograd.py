"""Winograd's F(2 x 2, 3 x 3) (Lavin & Gray 2016): a 3 x 3 convolution with 16 products where the definition needs 36.

Shapes: x (B, H, W, C), weight (3, 3, C, C'), y (B, H, W, C'), H and W even; tiles (16, T, C), T = B H W / 4.

Every 2 x 2 square of y reads a 4 x 4 tile of x. Along each axis the tile is mixed by INPUT (4 x 4), the kernel by
KERNEL (4 x 3), their products, summed over C, by OUTPUT (2 x 4):  y = OUTPUT [(KERNEL w KERNEL^T) * (INPUT x
INPUT^T)] OUTPUT^T. Summing over C makes the 16 elementwise products 16 matrix products. The weight's gradient is the
transpose of the same map.

    INPUT = [1 0 -1 0; 0 1 1 0; 0 -1 1 0; 0 1 0 -1]      OUTPUT = [1 1 1 0; 0 1 -1 -1]

A CPU mixes along one axis after the other, a few images in its cache; a GPU along both in one kernel.
"""

from minihit import backend
from minihit.ops.fast import winograd_kernels, winograd_passes
from minihit.ops.fast.matmul import matmul


def forward(padded, kernel, out, bias=None):
    """Write y into out (B, H, W, C') from x with a border of one zero and transform_kernel(weight).

    A bias that broadcasts to y is added where it is given.
    """
    products = matmul(transform_input(padded), kernel)                    # (16, T, C')
    _transforms(out).transform_output(products, out, bias)


def rectified(padded, kernel, bias, out, positive):
    """forward with a bias (C',) on a GPU, and leaky_relu of it in the same kernel; its mask goes to positive."""
    winograd_kernels.rectify_output(matmul(transform_input(padded), kernel), bias, out, positive)


def weight_gradient(padded, dy):
    """The 16 products (16, C, C') whose transform_kernel_gradient is dweight."""
    return matmul(transform_input(padded).swapaxes(1, 2), transform_output_gradient(dy))


def transform_kernel(weight):
    """KERNEL w KERNEL^T: (16, C, C')."""
    return _transforms(weight).transform_kernel(weight)


def transform_kernel_gradient(dkernel):
    """The transpose of transform_kernel: (16, C, C') -> (3, 3, C, C')."""
    return _transforms(dkernel).transform_kernel_gradient(dkernel)


def transform_input(padded):
    """INPUT x INPUT^T for the 4 x 4 tiles, every second pixel apart: (16, T, C)."""
    return _transforms(padded).transform_input(padded)


def transform_output_gradient(dy):
    """OUTPUT^T dy OUTPUT for the 2 x 2 squares: (16, T, C')."""
    return _transforms(dy).transform_output_gradient(dy)


def _transforms(x):
    return winograd_kernels if backend.on_gpu(x) else winograd_passes
