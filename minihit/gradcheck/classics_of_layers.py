"""The mistakes that almost everybody makes once in the layers that are written first.

Shapes: x, dy, dx, params as in their layers; x_hat, dx_hat as x; rstd broadcasts to it.
"""

import numpy as np

from minihit.gradcheck.plant import Plant, from_inputs
from minihit.layers import batch_norm, layer_norm


def grads_changed(**changes):
    """A plant that changes gradients of parameters: name = change(gradient, dy, params, x)."""
    def change(found, dy, params, x):
        dx, grads = found
        return dx, {**grads, **{name: function(grads[name], dy, params, x) for name, function in changes.items()}}
    return from_inputs(change)


def dx_changed(change):
    """A plant that changes dx: change(dx, dy, params, x)."""
    return from_inputs(lambda found, dy, params, x: (change(found[0], dy, params, x), found[1]))


def border_lost(dx, dy, params, x):
    inside = np.zeros_like(dx)
    inside[:, 1:-1, 1:-1] = dx[:, 1:-1, 1:-1]
    return inside


def same_kernel(dx, dy, params, x):
    """dx by the convolution of forward, every input channel written to as if it were the output's."""
    weight = params["weight"].swapaxes(2, 3)                               # (k, k, C', C), not turned around
    k, (_, height, width, _) = len(weight), dy.shape
    padded = np.pad(dy, ((0, 0), (k // 2, k // 2), (k // 2, k // 2), (0, 0)))
    return sum(padded[:, i:i + height, j:j + width] @ weight[i, j] for i in range(k) for j in range(k))


def standardized(x, axes, eps):
    """(x_hat, rstd)."""
    rstd = (x.var(axes, keepdims=True) + eps) ** -0.5
    return (x - x.mean(axes, keepdims=True)) * rstd, rstd


def of_layer(change):
    """A plant that changes layer norm's dx: change(dx_hat, x_hat, rstd)."""
    return dx_changed(lambda dx, dy, params, x: change(dy * params["scale"], *standardized(x, -1, layer_norm.EPS)))


def of_batch(change):
    """A plant that changes batch norm's dx in training: change(dx_hat, x_hat, rstd)."""
    return dx_changed(lambda dx, dy, params, x: change(
        dy * params["scale"], *standardized(x, tuple(range(x.ndim - 1)), batch_norm.EPS)))


def statistics_moved(found, dy, params, x, averages):
    """Batch norm's dx in evaluation, as if its mean and variance depended on x."""
    rstd = (averages["variance"] + batch_norm.EPS) ** -0.5
    return projected(dy * params["scale"], (x - averages["mean"]) * rstd, rstd, over_batch), found[1]


def projected(dx_hat, x_hat, rstd, mean):
    """A norm's backward, with means over axes of somebody's own."""
    return (dx_hat - mean(dx_hat) - x_hat * mean(dx_hat * x_hat)) * rstd


def over_channels(x):
    return x.mean(-1, keepdims=True)


def over_batch(x):
    return x.mean(tuple(range(x.ndim - 1)), keepdims=True)


CLASSICS = {
    "x by W, not by W^T": Plant(
        "linear", "x", dx_changed(lambda dx, dy, params, x: dy @ params["weight"]),
        "dx = dy W is written for dx = dy W^T"),
    "a weight averaged": Plant(
        "linear", "params/weight", grads_changed(
            weight=lambda dweight, dy, params, x: dweight / (x.size // x.shape[-1])),
        "the weight's gradient is averaged over the rows in place of summed"),
    "layer norm, no variance": Plant(
        "layer_norm", "x", of_layer(lambda dx_hat, x_hat, rstd: (dx_hat - over_channels(dx_hat)) * rstd),
        "it is forgotten that the variance depends on x, too"),
    "layer norm, fixed": Plant(
        "layer_norm", "x", of_layer(lambda dx_hat, x_hat, rstd: dx_hat * rstd),
        "mean and variance are held fixed, though both depend on x"),
    "layer norm, no scale": Plant(
        "layer_norm", "x", dx_changed(
            lambda dx, dy, params, x: projected(dy, *standardized(x, -1, layer_norm.EPS), over_channels)),
        "dy is not multiplied by the scale on its way to x"),
    "layer norm, scale by x": Plant(
        "layer_norm", "params/scale", grads_changed(
            scale=lambda dscale, dy, params, x: (dy * x).sum(tuple(range(x.ndim - 1)))),
        "the scale's gradient is made with x, and not with the normalised x_hat"),
    "batch norm, no mean": Plant(
        "batch_norm", "x", of_batch(lambda dx_hat, x_hat, rstd: (dx_hat - x_hat * over_batch(dx_hat * x_hat)) * rstd),
        "it is forgotten that the batch's mean depends on x, too"),
    "batch norm, no variance": Plant(
        "batch_norm", "x", of_batch(lambda dx_hat, x_hat, rstd: (dx_hat - over_batch(dx_hat)) * rstd),
        "it is forgotten that the batch's variance depends on x, too"),
    "batch norm, as in training": Plant(
        "batch_norm, evaluation", "x", from_inputs(statistics_moved),
        "the means of training are subtracted in evaluation, where mean and variance do not depend on x"),
    "batch norm, over channels": Plant(
        "batch_norm", "x", of_batch(
            lambda dx_hat, x_hat, rstd: projected(dx_hat, x_hat, rstd, over_channels)),
        "the means on the way back run over the channels, as layer norm's do, and not over the batch"),
    "a kernel not turned": Plant(
        "conv2d", "x", dx_changed(same_kernel),
        "dy is filtered with the kernel as it is, though its transpose is the kernel turned around"),
    "a border lost": Plant(
        "conv2d", "x", dx_changed(border_lost),
        "the padding is cut off in the wrong place: the pixels at the border get nothing"),
    "a bias averaged": Plant(
        "conv2d", "params/bias", grads_changed(
            bias=lambda dbias, dy, params, x: dbias / (dy.size // dy.shape[-1])),
        "dy is averaged over images and pixels in place of summed"),
    "a stride out of step": Plant(
        "strided_conv2d", "x", dx_changed(lambda dx, dy, params, x: np.roll(dx, 1, axis=(1, 2))),
        "the padding is cut off one pixel too late: every pixel gets its neighbour's gradient"),
    "an upsampling kernel turned": Plant(
        "upsampling_conv2d", "params/weight", grads_changed(
            weight=lambda dweight, dy, params, x: dweight[::-1, ::-1]),
        "the kernel is turned around, though what is transposed keeps its kernel"),
    "a residual block without its skip": Plant(
        "residual_block", "x", dx_changed(lambda dx, dy, params, x: dx - dy),
        "the gradient that takes the skip, dy itself, is not added"),
}
