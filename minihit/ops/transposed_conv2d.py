"""Convolution of a map with zeros between its pixels: every pixel of x paints the kernel, two pixels apart.

Shapes: x (B, H, W, C), weight (k, k, C, C'), y (B, 2H + k - 2, 2W + k - 2, C'). Cross-correlation, as in conv2d, of the
zeros and pixels with so many zeros around them that every place of the kernel meets every pixel: so the kernel is
painted turned around.
"""

from minihit.backend import array_module
from minihit.ops.switch import tuned


@tuned
def forward(x, weight):
    (b, height, width, _), (k, _, _, c_out) = x.shape, weight.shape
    y = array_module(x).zeros((b, 2 * height + k - 2, 2 * width + k - 2, c_out), x.dtype)
    for i, j, pixels in _painted(y, k):
        pixels += x @ weight[i, j]
    return y, {"x": x, "weight": weight}


def backward(dy, cache):
    return input_gradient(dy, cache), weight_gradient(dy, cache)


@tuned
def input_gradient(dy, cache):
    weight = cache["weight"]
    return sum(pixels @ weight[i, j].T for i, j, pixels in _painted(dy, len(weight)))


@tuned
def weight_gradient(dy, cache):
    x, weight = cache["x"], cache["weight"]
    products = [_rows(x).T @ _rows(pixels) for _, _, pixels in _painted(dy, len(weight))]
    return array_module(x).stack(products).reshape(weight.shape)


def _painted(y, k):
    """(i, j, the pixels that place (i, j) of the kernel paints, one for every pixel of x): views of y."""
    height, width = y.shape[1] - k + 1, y.shape[2] - k + 1
    return [(i, j, y[:, k - 1 - i:k - 1 - i + height:2, k - 1 - j:k - 1 - j + width:2])
            for i in range(k) for j in range(k)]


def _rows(x):
    return x.reshape(-1, x.shape[-1])
