"""Transposed convolution by large products, a few images at a time, as its neighbour conv2d.

Forward is one product, whose k x k parts are added where they are painted, by a GPU in one kernel; backward reads the
k x k neighbourhoods of every second pixel of dy as the rows of a matrix.

Shapes: x (B, H, W, C), weight (k, k, C, C'), y (B, 2H + k - 2, 2W + k - 2, C').
"""

from math import isqrt

from minihit import backend
from minihit.backend import array_module, fused
from minihit.ops.fast.border import pad
from minihit.ops.fast.columns import groups, neighbourhoods
from minihit.ops.fast.matmul import matmul
from minihit.ops.fast.squares import squares, store


def forward(x, weight):
    (b, height, width, c), (k, _, _, c_out), xp = x.shape, weight.shape, array_module(x)
    kernel = _turned(weight).transpose(2, 0, 1, 3).reshape(c, -1)         # (C, k k C')
    if backend.on_gpu(x) and k > 1:
        return _painted_at_once(x, kernel, k), {"x": x, "weight": weight}
    y = xp.zeros((b, 2 * height + k - 2, 2 * width + k - 2, c_out), x.dtype)
    for part in groups(b, height * width * kernel.shape[1], xp):
        products = matmul(x[part].reshape(-1, c), kernel).reshape(-1, height, width, k, k, c_out)
        for i in range(k):
            for j in range(k):
                y[part, i:i + 2 * height:2, j:j + 2 * width:2] += products[:, :, :, i, j]
    return y, {"x": x, "weight": weight}


def input_gradient(dy, cache):
    weight, xp = cache["weight"], array_module(dy)
    (k, _, c, _), (b, height, width) = weight.shape, _small(dy, len(weight))
    kernel = _turned(weight).swapaxes(2, 3).reshape(-1, c)                # (k k C', C)
    dx = xp.empty((b, height, width, c), dy.dtype)
    for part in groups(b, height * width * len(kernel), xp):
        matmul(neighbourhoods(dy[part], height, width, k, 2), kernel, out=dx[part].reshape(-1, c))
    return dx


def weight_gradient(dy, cache):
    x, (k, _, c, c_out), xp = cache["x"], cache["weight"].shape, array_module(dy)
    b, height, width = _small(dy, k)
    products = [matmul(x[part].reshape(-1, c).T, neighbourhoods(dy[part], height, width, k, 2))
                for part in groups(b, height * width * k * k * c_out, xp)]
    return _turned(sum(products[1:], products[0]).reshape(c, k, k, c_out).transpose(1, 2, 0, 3))


def _painted_at_once(x, kernel, k):
    """Every 2 x 2 square of y is the sum of what its pixel of x and those before it paint there."""
    (b, height, width, c), reach = x.shape, (k - 1) // 2
    padded = pad(x, reach)
    products = matmul(padded.reshape(-1, c), kernel).reshape(*padded.shape[:3], k, k, -1)
    height, width = height + reach, width + reach
    y = array_module(x).empty((b, 2 * height, 2 * width, products.shape[-1]), x.dtype)
    starts = [reach - place // 2 for place in range(k)]
    parts = [products[:, row:row + height, column:column + width, i, j]
             for i, row in enumerate(starts) for j, column in enumerate(starts)]
    _paint(*parts, *squares(y))
    return y[:, :2 * x.shape[1] + k - 2, :2 * x.shape[2] + k - 2]


@fused
def _paint(*arrays):
    parts, targets = arrays[:-4], arrays[-4:]
    k = isqrt(len(parts))
    rows = [parts[i * k:(i + 1) * k] for i in range(k)]
    store([_total([part for line in rows[i::2] for part in line[j::2]]) for i in range(2) for j in range(2)], targets)


def _total(arrays):
    return sum(arrays[1:], arrays[0])


def _small(dy, k):
    """Batch, height and width of x."""
    return dy.shape[0], (dy.shape[1] - k + 2) // 2, (dy.shape[2] - k + 2) // 2


def _turned(weight):
    return weight[::-1, ::-1]
