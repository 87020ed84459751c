"""Winograd's transforms along one axis after the other, which is what a CPU does quickest.

Shapes and matrices are those of winograd.py.
"""

from functools import cache

from minihit.backend import array_module

KERNEL = ((1.0, 0.0, 0.0), (0.5, 0.5, 0.5), (0.5, -0.5, 0.5), (0.0, 0.0, 1.0))


def transform_kernel(weight):
    _, _, c, c_out = weight.shape
    mixer = _mixer(array_module(weight), weight.dtype)
    rows = mixer @ weight.reshape(3, -1)                                   # (4, 3 C C')
    columns = mixer @ rows.reshape(4, 3, c * c_out)                        # (4, 4, C C')
    return columns.reshape(16, c, c_out)


def transform_kernel_gradient(dkernel):
    _, c, c_out = dkernel.shape
    mixer = _mixer(array_module(dkernel), dkernel.dtype)
    rows = mixer.T @ dkernel.reshape(4, 4, c * c_out)                      # (4, 3, C C')
    return (mixer.T @ rows.reshape(4, -1)).reshape(3, 3, c, c_out)


@cache
def _mixer(xp, dtype):
    """KERNEL as an array (4, 3), made once and not in every step."""
    return xp.asarray(KERNEL, dtype)


def transform_input(padded):
    b, height, width, c = padded.shape
    height, width, xp = height - 2, width - 2, array_module(padded)
    rows = xp.empty((4, b, height // 2, width + 2, c), padded.dtype)
    _mix_input(*(padded[:, i:i + height:2] for i in range(4)), *rows)
    tiles = xp.empty((4, 4, b, height // 2, width // 2, c), padded.dtype)
    _mix_input(*(rows[:, :, :, i:i + width:2] for i in range(4)), *tiles.swapaxes(0, 1))
    return tiles.reshape(16, -1, c)


def transform_output(products, out, bias):
    b, height, width, c = out.shape
    products = products.reshape(4, 4, b, height // 2, width // 2, c)
    for row, mixed in enumerate(_mix_output(*products)):                   # (4, B, H/2, W/2, C')
        out[:, row::2, 0::2], out[:, row::2, 1::2] = _mix_output(*mixed)
    if bias is not None:
        out += bias


def transform_output_gradient(dy):
    (b, height, width, c), xp = dy.shape, array_module(dy)
    rows = xp.empty((4, b, height // 2, width, c), dy.dtype)
    _mix_output_transposed(dy[:, 0::2], dy[:, 1::2], *rows)
    tiles = xp.empty((4, 4, b, height // 2, width // 2, c), dy.dtype)
    _mix_output_transposed(rows[:, :, :, 0::2], rows[:, :, :, 1::2], *tiles.swapaxes(0, 1))
    return tiles.reshape(16, -1, c)


def _mix_input(x0, x1, x2, x3, out0, out1, out2, out3):
    """INPUT applied to four pixels along an axis."""
    xp = array_module(x0)
    xp.subtract(x0, x2, out=out0)
    xp.add(x1, x2, out=out1)
    xp.subtract(x2, x1, out=out2)
    xp.subtract(x1, x3, out=out3)


def _mix_output(x0, x1, x2, x3):
    """Both rows of OUTPUT applied to four products along an axis."""
    first = x1 + x2
    first += x0
    second = x1 - x2
    second -= x3
    return first, second


def _mix_output_transposed(first, second, out0, out1, out2, out3):
    xp = array_module(first)
    out0[...] = first
    xp.add(first, second, out=out1)
    xp.subtract(first, second, out=out2)
    xp.negative(second, out=out3)
