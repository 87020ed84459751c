"""The mistakes that almost everybody makes once in the ops that are written first.

Shapes: query, dout (B, Q, N, D), key, value (B, K, N, D), probs (B, N, Q, K); the others as in their ops.
"""

import math

import numpy as np

from minihit.backend import erf
from minihit.gradcheck.plant import Plant, from_inputs
from minihit.ops import blur, leaky_relu, softmax


def gaussian(x):
    """(Phi(x), phi(x)) of the standard normal."""
    return 0.5 * (1.0 + erf(x * math.sqrt(0.5))), np.exp(-0.5 * x * x) / math.sqrt(2.0 * math.pi)


def tanh_slope(x):
    """The slope of GELU's approximation by tanh."""
    c = math.sqrt(2.0 / math.pi)
    t = np.tanh(c * (x + 0.044715 * x**3))
    return 0.5 * (1.0 + t) + 0.5 * x * (1.0 - t * t) * c * (1.0 + 3 * 0.044715 * x * x)


def softmax_backward(dy, scores, total):
    """As it should be, but with a total of p dy that is somebody else's."""
    probs, _ = softmax.forward(scores)
    return probs * dy - probs * total(probs * dy)


def diagonal(dy, scores):
    probs, _ = softmax.forward(scores)
    return probs * (1.0 - probs) * dy


def scores_of(query, key):
    return np.einsum("...qnd,...knd->...nqk", query, key) * query.shape[-1] ** -0.5


def scale_forgotten(found, dout, query, key, value):
    back = query.shape[-1] ** 0.5
    return found[0] * back, found[1] * back, found[2]


def softmax_as(slope):
    """Attention whose softmax is differentiated by slope(dprobs, scores)."""
    def change(found, dout, query, key, value):
        dprobs = np.einsum("...qnd,...knd->...nqk", dout, value)
        dscores = slope(dprobs, scores_of(query, key)) * query.shape[-1] ** -0.5
        return (np.einsum("...nqk,...knd->...qnd", dscores, key), np.einsum("...nqk,...qnd->...knd", dscores, query),
                found[2])
    return from_inputs(change)


def value_by_scores(found, dout, query, key, value):
    return *found[:2], np.einsum("...nqk,...qnd->...knd", scores_of(query, key), dout)


def gathered(dy, order):
    """dx, whose channels are made of (row, column, channel) of dy in an order of their own."""
    b, height, width, c = dy.shape
    pieces = dy.reshape(b, height // 2, 2, width // 2, 2, c).transpose(0, 1, 3, *order)
    return pieces.reshape(b, height // 2, width // 2, 4 * c)


def alone_on_the_way_back(dx, dy, x, smallest):
    """The gradient of the finest level as if the smaller ones were not made of the same image."""
    return dy[:x.size].reshape(x.shape)


CLASSICS = {
    "GELU, product rule": Plant(
        "gelu", "x", from_inputs(lambda dx, dy, x: dy * gaussian(x)[0]),
        "the product rule is cut short: the slope is Phi(x) + x phi(x), not Phi(x) alone"),
    "GELU, phi not normalised": Plant(
        "gelu", "x", from_inputs(lambda dx, dy, x: dy * (gaussian(x)[0] + x * np.exp(-0.5 * x * x))),
        "phi(x) is written as exp(-x^2 / 2), without its factor of 1 / sqrt(2 pi)"),
    "GELU, slope of tanh": Plant(
        "gelu", "x", from_inputs(lambda dx, dy, x: dy * tanh_slope(x)),
        "the slope is that of the approximation by tanh, while the value is exact"),
    "leaky ReLU, zero slope": Plant(
        "leaky_relu", "x", from_inputs(lambda dx, dy, x: dy * (x > 0)),
        "the slope is zero where x is negative, as ReLU's is, and not 0.2"),
    "leaky ReLU, sides swapped": Plant(
        "leaky_relu", "x", from_inputs(lambda dx, dy, x: dy * np.where(x > 0, leaky_relu.SLOPE, 1.0)),
        "the two slopes are exchanged"),
    "leaky ReLU, mask of dy": Plant(
        "leaky_relu", "x", from_inputs(lambda dx, dy, x: dy * np.where(dy > 0, 1.0, leaky_relu.SLOPE)),
        "the mask is taken of dy, and not of x"),
    "softmax, diagonal": Plant(
        "softmax", "scores", from_inputs(lambda dx, dy, scores: diagonal(dy, scores)),
        "only the diagonal of the Jacobian is used, p (1 - p), as for a sigmoid: every score moves every p"),
    "softmax, sum over all": Plant(
        "softmax", "scores", from_inputs(lambda dx, dy, scores: softmax_backward(dy, scores, np.sum)),
        "the sum over p dy runs over all of the array, and not over the axis of the softmax alone"),
    "softmax, p forgotten": Plant(
        "softmax", "scores", from_inputs(lambda dx, dy, scores: dx / softmax.forward(scores)[0]),
        "dy - sum(p dy) is not multiplied by p in the end"),
    "attention, no 1/sqrt(D)": Plant(
        "attend", "query", from_inputs(scale_forgotten),
        "the factor 1 / sqrt(D) of the scores is forgotten on the way back", ("key",)),
    "attention, diagonal": Plant(
        "attend", "query", softmax_as(diagonal),
        "the softmax inside is differentiated as p (1 - p): every score moves every p", ("key",)),
    "attention, no softmax": Plant(
        "attend", "query", softmax_as(lambda dprobs, scores: dprobs),
        "the softmax inside is not differentiated: dprobs goes on as it is", ("key",)),
    "attention, scores for probs": Plant(
        "attend", "value", from_inputs(value_by_scores),
        "the scores stand where the probabilities should: dvalue = probs^T dout"),
    "blur, its own transpose": Plant(
        "blur", "x", from_inputs(lambda dx, dy, x: blur.forward(dy)[0]),
        "the blur stands for its transpose: at the border, which is mirrored, it is another"),
    "pyramid, finest level alone": Plant(
        "laplacian_pyramid", "x", from_inputs(alone_on_the_way_back),
        "the gradient of the finest level is taken alone: the others are made of the same image"),
    "shuffled as PyTorch does": Plant(
        "pixel_shuffle", "x", from_inputs(lambda dx, dy, x: gathered(dy, (5, 2, 4))),
        "the channels are in PyTorch's order, (channel, row, column), not in TensorFlow's, (row, column, channel)"),
    "rows and columns swapped": Plant(
        "pixel_shuffle", "x", from_inputs(lambda dx, dy, x: gathered(dy, (4, 2, 5))),
        "row and column of each 2 x 2 pixels are exchanged"),
    "reshaped, not moved": Plant(
        "pixel_shuffle", "x", from_inputs(lambda dx, dy, x: dy.reshape(x.shape)),
        "dy is only reshaped: the axes of rows and columns must change places first"),
}
