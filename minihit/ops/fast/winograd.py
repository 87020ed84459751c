"""Winograd's F(2 x 2, 3 x 3) (Lavin & Gray 2016): a 3 x 3 convolution with 16 products where the definition needs 36.

Shapes: x (B, H, W, C), weight (3, 3, C, C'), y (B, H, W, C'), H and W even; tiles (16, T, C), T = B H W / 4.

Every 2 x 2 square of y reads a 4 x 4 tile of x. Along each axis the tile is mixed by INPUT (4 x 4), the kernel by
KERNEL (4 x 3), their products, summed over C, by OUTPUT (2 x 4):  y = OUTPUT [(KERNEL w KERNEL^T) * (INPUT x
INPUT^T)] OUTPUT^T. Summing over C makes the 16 elementwise products 16 matrix products. The weight's gradient is the
transpose of the same map.

    INPUT = [1 0 -1 0; 0 1 1 0; 0 -1 1 0; 0 1 0 -1]      OUTPUT = [1 1 1 0; 0 1 -1 -1]
"""

from functools import cache

from minihit.backend import array_module, fused

KERNEL = ((1.0, 0.0, 0.0), (0.5, 0.5, 0.5), (0.5, -0.5, 0.5), (0.0, 0.0, 1.0))


def forward(padded, kernel, out):
    """Write y into out (B, H, W, C') from x with a border of one zero and transform_kernel(weight)."""
    products = transform_input(padded) @ kernel                            # (16, T, C')
    b, height, width, c = out.shape
    products = products.reshape(4, 4, b, height // 2, width // 2, c)
    for row, mixed in enumerate(_output_mix(*products)):                   # (4, B, H/2, W/2, C')
        _store_output_mix(*mixed, out[:, row::2, 0::2], out[:, row::2, 1::2])


def weight_gradient(padded, dy):
    """The 16 products (16, C, C') whose transform_kernel_gradient is dweight."""
    return transform_input(padded).swapaxes(1, 2) @ transform_output_gradient(dy)


def transform_kernel(weight):
    """KERNEL w KERNEL^T: (16, C, C')."""
    _, _, c, c_out = weight.shape
    mixer = _mixer(array_module(weight), weight.dtype)
    rows = mixer @ weight.reshape(3, -1)                                   # (4, 3 C C')
    columns = mixer @ rows.reshape(4, 3, c * c_out)                        # (4, 4, C C')
    return columns.reshape(16, c, c_out)


def transform_kernel_gradient(dkernel):
    """The transpose of transform_kernel: (16, C, C') -> (3, 3, C, C')."""
    _, c, c_out = dkernel.shape
    mixer = _mixer(array_module(dkernel), dkernel.dtype)
    rows = mixer.T @ dkernel.reshape(4, 4, c * c_out)                      # (4, 3, C C')
    return (mixer.T @ rows.reshape(4, -1)).reshape(3, 3, c, c_out)


@cache
def _mixer(xp, dtype):
    """KERNEL as an array (4, 3), brought to the device once and not in every step."""
    return xp.asarray(KERNEL, dtype)


def transform_input(padded):
    """INPUT x INPUT^T for the 4 x 4 tiles, every second pixel apart: (16, T, C)."""
    b, height, width, c = padded.shape
    height, width, xp = height - 2, width - 2, array_module(padded)
    rows = xp.empty((4, b, height // 2, width + 2, c), padded.dtype)
    _input_mix(*(padded[:, i:i + height:2] for i in range(4)), *rows)
    tiles = xp.empty((4, 4, b, height // 2, width // 2, c), padded.dtype)
    _input_mix(*(rows[:, :, :, i:i + width:2] for i in range(4)), *tiles.swapaxes(0, 1))
    return tiles.reshape(16, -1, c)


def transform_output_gradient(dy):
    """OUTPUT^T dy OUTPUT for the 2 x 2 squares: (16, T, C')."""
    (b, height, width, c), xp = dy.shape, array_module(dy)
    rows = xp.empty((4, b, height // 2, width, c), dy.dtype)
    _output_mix_transposed(dy[:, 0::2], dy[:, 1::2], *rows)
    tiles = xp.empty((4, 4, b, height // 2, width // 2, c), dy.dtype)
    _output_mix_transposed(rows[:, :, :, 0::2], rows[:, :, :, 1::2], *tiles.swapaxes(0, 1))
    return tiles.reshape(16, -1, c)


@fused
def _input_mix(x0, x1, x2, x3, out0, out1, out2, out3):
    """INPUT applied to four pixels along an axis."""
    xp = array_module(x0)
    xp.subtract(x0, x2, out=out0)
    xp.add(x1, x2, out=out1)
    xp.subtract(x2, x1, out=out2)
    xp.subtract(x1, x3, out=out3)


@fused
def _output_mix(x0, x1, x2, x3):
    """Both rows of OUTPUT applied to four products along an axis."""
    first = x1 + x2
    first += x0
    second = x1 - x2
    second -= x3
    return first, second


@fused
def _store_output_mix(x0, x1, x2, x3, even, odd):
    even[...], odd[...] = _output_mix(x0, x1, x2, x3)


@fused
def _output_mix_transposed(first, second, out0, out1, out2, out3):
    xp = array_module(first)
    out0[...] = first
    xp.add(first, second, out=out1)
    xp.subtract(first, second, out=out2)
    xp.negative(second, out=out3)
