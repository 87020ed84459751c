"""Convolution with stride 2 by large products, a few images at a time, as its neighbour conv2d.

Seen two by two, pixels of x make the transpose short: each pixel of y touches k/2 x k/2 such squares, so that a product
is followed by (k / 2)^2 additions of whole squares, one kernel on a GPU, where the definition has k^2 of single pixels.

Shapes: x (B, 2H, 2W, C), weight (k, k, C, C'), y (B, H, W, C'); k even.
"""

from minihit import backend
from minihit.backend import array_module
from minihit.ops.fast.add import add
from minihit.ops.fast.border import pad
from minihit.ops.fast.columns import by_columns, groups, weight_gradient_by_columns
from minihit.ops.fast.matmul import matmul


def forward(x, weight):
    return by_columns(x, weight, stride=2), {"x": x, "weight": weight}


def input_gradient(dy, cache):
    (b, height, width, c_out), (k, _, c, _), xp = dy.shape, cache["weight"].shape, array_module(dy)
    kernel, half, p = cache["weight"].reshape(-1, c_out).T, k // 2, k // 2 - 1
    if backend.on_gpu(dy):
        padded = _added_at_once(dy, kernel, half)
    else:
        padded = xp.zeros((b, height + p, 2, width + p, 2 * c), dy.dtype)     # squares of x, with its border
        for part in groups(b, height * width * k * k * c, xp):
            products = matmul(dy[part].reshape(-1, c_out), kernel).reshape(-1, height, width, half, 2, half, 2 * c)
            for i in range(half):
                for j in range(half):
                    padded[part, i:i + height, :, j:j + width] += products[:, :, :, i, :, j].swapaxes(2, 3)
    pixels = padded.reshape(b, 2 * (height + p), 2 * (width + p), c)
    return pixels[:, p:p + 2 * height, p:p + 2 * width]


def weight_gradient(dy, cache):
    return weight_gradient_by_columns(dy, cache["x"], cache["weight"].shape, stride=2)


def _added_at_once(dy, kernel, half):
    """(B, H + p, 2, W + p, 2 C), p = half - 1: the sum over the half x half squares that reach each of them."""
    (b, height, width, c_out), p = dy.shape, half - 1
    products = matmul(pad(dy, p).reshape(-1, c_out), kernel)
    products = products.reshape(b, height + 2 * p, width + 2 * p, half, 2, half, -1)
    return add(*(products[:, p - i:2 * p - i + height, p - j:2 * p - j + width, i, :, j].swapaxes(2, 3)
                 for i in range(half) for j in range(half)))
