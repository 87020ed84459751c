"""Exercise 14: convolution (tutorials/14_convolution.py).

Shapes: x (B, H, W, C); weight (k, k, C, C'), k odd; bias (C',), which may be missing; y (B, H, W, C').
"""

import numpy as np


def forward(params, x):
    """y[h, w] = sum over i, j of x[h + i - k // 2, w + j - k // 2] @ weight[i, j] + bias, zeros outside of x.

    Returns y and a cache.
    """
    y = sum(pixels @ params["weight"][i, j] for i, j, pixels in shifted(x, len(params["weight"])))
    return y + params.get("bias", 0.0), {"x": x, "params": params}


def shifted(x, k):
    """(i, j, the pixels that place (i, j) of the kernel meets, (B, H, W, C)) for all places."""
    (_, height, width, _), p = x.shape, k // 2
    padded = np.pad(x, ((0, 0), (p, p), (p, p), (0, 0)))
    return [(i, j, padded[:, i:i + height, j:j + width]) for i in range(k) for j in range(k)]


def backward(dy, cache):
    """Returns dx and {"weight", "bias"}, or {"weight"} where there is no bias."""
    x, weight = cache["x"], cache["params"]["weight"]
    turned = weight[::-1, ::-1].swapaxes(2, 3)
    dx = sum(pixels @ turned[i, j] for i, j, pixels in shifted(dy, len(weight)))
    dweight = np.empty_like(weight)
    for i, j, pixels in shifted(x, len(weight)):
        dweight[i, j] = np.tensordot(pixels, dy, axes=((0, 1, 2), (0, 1, 2)))
    grads = {"weight": dweight}
    return dx, {**grads, "bias": dy.sum(axis=(0, 1, 2))} if "bias" in cache["params"] else grads
