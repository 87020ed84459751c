"""Transposed convolution by large products, a few images at a time, as its neighbour conv2d.

Forward is one product, whose k x k parts are added where they are painted; backward reads the k x k neighbourhoods of
every second pixel of dy as the rows of a matrix.

Shapes: x (B, H, W, C), weight (k, k, C, C'), y (B, 2H + k - 2, 2W + k - 2, C').
"""

from minihit.backend import array_module
from minihit.ops.fast.columns import groups, neighbourhoods
from minihit.ops.fast.matmul import matmul


def forward(x, weight):
    (b, height, width, c), (k, _, _, c_out), xp = x.shape, weight.shape, array_module(x)
    kernel = _turned(weight).transpose(2, 0, 1, 3).reshape(c, -1)         # (C, k k C')
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


def _small(dy, k):
    """Batch, height and width of x."""
    return dy.shape[0], (dy.shape[1] - k + 2) // 2, (dy.shape[2] - k + 2) // 2


def _turned(weight):
    return weight[::-1, ::-1]
