"""Convolution with stride 2, which halves the sides: an even kernel and zero padding of k // 2 - 1, cross-correlation.

Shapes: x (B, 2H, 2W, C), weight (k, k, C, C'), y (B, H, W, C'); k even.
"""

from minihit.backend import array_module
from minihit.ops.switch import tuned


@tuned
def forward(x, weight):
    y = sum(pixels @ weight[i, j] for i, j, pixels in _met(_pad(x, len(weight)), len(weight)))
    return y, {"x": x, "weight": weight}


def backward(dy, cache):
    return input_gradient(dy, cache), weight_gradient(dy, cache)


@tuned
def input_gradient(dy, cache):
    """The transpose of forward: every pixel of dy adds to the k x k pixels that y was made of there."""
    (b, height, width, _), (k, _, c, _) = dy.shape, cache["weight"].shape
    padded = _pad(array_module(dy).zeros((b, 2 * height, 2 * width, c), dy.dtype), k)
    for i, j, pixels in _met(padded, k):
        pixels += dy @ cache["weight"][i, j].T
    p = k // 2 - 1
    return padded[:, p:p + 2 * height, p:p + 2 * width]


@tuned
def weight_gradient(dy, cache):
    x, weight = cache["x"], cache["weight"]
    products = [_rows(pixels).T @ _rows(dy) for _, _, pixels in _met(_pad(x, len(weight)), len(weight))]
    return array_module(x).stack(products).reshape(weight.shape)


def _pad(x, k):
    p = k // 2 - 1
    return array_module(x).pad(x, ((0, 0), (p, p), (p, p), (0, 0)))


def _met(padded, k):
    """(i, j, the pixels that place (i, j) of the kernel meets, one for every pixel of y): views of padded."""
    height, width = padded.shape[1] - k + 1, padded.shape[2] - k + 1
    return [(i, j, padded[:, i:i + height:2, j:j + width:2]) for i in range(k) for j in range(k)]


def _rows(x):
    return x.reshape(-1, x.shape[-1])
