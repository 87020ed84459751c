"""Winograd's transforms as one kernel each, along both axes at once: what lies between the two crosses no memory.

Shapes and matrices are those of winograd.py. A kernel's arguments are the square that it reads and then the one that it
writes.
"""

from minihit.backend import array_module, fused
from minihit.ops.fast.leaky_relu import rectify
from minihit.ops.fast.squares import along_both_axes, squares, store, windows


def transform_kernel(weight):
    _, _, c, c_out = weight.shape
    kernel = array_module(weight).empty((16, c, c_out), weight.dtype)
    _mix_kernel(*(weight[i, j] for i in range(3) for j in range(3)), *kernel)
    return kernel


def transform_kernel_gradient(dkernel):
    _, c, c_out = dkernel.shape
    dweight = array_module(dkernel).empty((9, c, c_out), dkernel.dtype)
    _mix_kernel_transposed(*dkernel, *dweight)
    return dweight.reshape(3, 3, c, c_out)


def transform_input(padded):
    b, height, width, c = padded.shape
    height, width = height // 2 - 1, width // 2 - 1
    tiles = array_module(padded).empty((16, b, height, width, c), padded.dtype)
    _mix_input(*windows(padded, 4, height, width, 2), *tiles)
    return tiles.reshape(16, -1, c)


def transform_output(products, out, bias):
    b, height, width, c = out.shape
    products = products.reshape(16, b, height // 2, width // 2, c)
    if bias is None:
        _mix_output(*products, *squares(out))
    else:
        _mix_output_and_add(*products, *squares(array_module(out).broadcast_to(bias, out.shape)), *squares(out))


def rectify_output(products, bias, out, positive):
    """transform_output and leaky_relu.forward."""
    b, height, width, c = out.shape
    products = products.reshape(16, b, height // 2, width // 2, c)
    _mix_output_and_rectify(bias, *products, *squares(out), *squares(positive))


def transform_output_gradient(dy):
    b, height, width, c = dy.shape
    tiles = array_module(dy).empty((16, b, height // 2, width // 2, c), dy.dtype)
    _mix_output_transposed(*squares(dy), *tiles)
    return tiles.reshape(16, -1, c)


@fused
def _mix_kernel(*arrays):
    store(along_both_axes(_kernel, arrays[:9]), arrays[9:])


@fused
def _mix_kernel_transposed(*arrays):
    store(along_both_axes(_kernel_transposed, arrays[:16]), arrays[16:])


@fused
def _mix_input(*arrays):
    store(along_both_axes(_input, arrays[:16]), arrays[16:])


@fused
def _mix_output(*arrays):
    store(along_both_axes(_output, arrays[:16]), arrays[16:])


@fused
def _mix_output_and_add(*arrays):
    mixed = along_both_axes(_output, arrays[:16])
    store([value + bias for value, bias in zip(mixed, arrays[16:20], strict=True)], arrays[20:])


@fused
def _mix_output_and_rectify(bias, *arrays):
    rectified = [rectify(value + bias) for value in along_both_axes(_output, arrays[:16])]
    store([y for y, _ in rectified], arrays[16:20])
    store([positive for _, positive in rectified], arrays[20:])


@fused
def _mix_output_transposed(*arrays):
    store(along_both_axes(_output_transposed, arrays[:4]), arrays[4:])


def _kernel(w0, w1, w2):
    outer, inner = (w0 + w2) * 0.5, w1 * 0.5
    return w0, outer + inner, outer - inner, w2


def _kernel_transposed(d0, d1, d2, d3):
    half_sum = (d1 + d2) * 0.5
    return d0 + half_sum, (d1 - d2) * 0.5, half_sum + d3


def _input(x0, x1, x2, x3):
    return x0 - x2, x1 + x2, x2 - x1, x1 - x3


def _output(m0, m1, m2, m3):
    return m1 + m2 + m0, m1 - m2 - m3


def _output_transposed(y0, y1):
    return y0, y0 + y1, y0 - y1, -y1
