"""The mistakes that almost everybody makes once in what the discriminator is made of, and in its losses.

Shapes: logits (B,), images (B, H, W, 3); the others as in their layers and ops.
"""

import numpy as np

from minihit import tree
from minihit.gradcheck.classics_of_attention import without
from minihit.gradcheck.plant import Plant, from_inputs
from minihit.ops import minibatch_stddev


def sigmoid(x):
    return 0.5 + 0.5 * np.tanh(0.5 * x)


def corner_alone(dx, dy, x):
    """Every value of dy to one pixel."""
    alone = np.zeros_like(dx)
    alone[:, ::2, ::2] = dy
    return alone


def everywhere(factor):
    """A plant by which all gradients are so many times too large."""
    def wrong(layer):
        return {"backward": lambda dy, cache: tuple(tree.map(lambda leaf: factor * leaf, found)
                                                    for found in layer.backward(dy, cache))}
    return wrong


def of_loss(change, kind=None):
    """A plant that changes a loss' gradient: change(dlogits, dloss, logits), where the loss is of that kind."""
    def wrong(dlogits, dloss, logits, **options):
        return change(dlogits, dloss, logits) if kind in (None, options["kind"]) else dlogits
    return from_inputs(wrong)


def of_group(change):
    """A plant that changes what reaches x through the appended channel: change(part, dy, x)."""
    return from_inputs(lambda dx, dy, x: dy[..., :-1] + change(dx - dy[..., :-1], dy, x))


def own_image_alone(part, dy, x):
    """As if each image's number were made of that image alone."""
    own = dy[..., -1].sum(axis=(1, 2))
    s = min(minibatch_stddev.GROUP, len(x))
    of_all = np.tile(own.reshape(s, -1).sum(axis=0), s)
    return part * (own / of_all)[:, None, None, None]


def deviation_fixed(dx, dt_y, x, t_x):
    """The second derivative as if std did not depend on x."""
    _, cache = minibatch_stddev.forward(x)
    _, t_cache = minibatch_stddev.tangent(t_x, cache)
    return minibatch_stddev.tangent_backward(dt_y, cache, {**t_cache, "covariance": 0.0 * t_cache["covariance"]})


CLASSICS = {
    "one corner of four": Plant(
        "blur_downsample", "x", from_inputs(corner_alone),
        "each value of dy goes to one pixel, though sixteen were read for it"),
    "halves out of step": Plant(
        "blur_downsample", "x", from_inputs(lambda dx, dy, x: np.roll(dx, 1, axis=(1, 2))),
        "the padding is cut off one pixel too late on the way back"),
    "the skip of a residual block": Plant(
        "residual_downsample", "x", without("skip"), "the gradient that takes the skip is not added"),
    "the main of a residual block": Plant(
        "residual_downsample", "x", without("conv1"), "the gradient that takes the convolutions is not added"),
    "no root of two": Plant(
        "residual_downsample", "x", everywhere(2.0**0.5),
        "the factor 1 / sqrt(2) of the join is forgotten on the way back",
        ("params/conv1/weight", "params/conv1/bias", "params/conv2/weight", "params/conv2/bias",
         "params/skip/weight")),
    "a loss summed": Plant(
        "generator_loss, non_saturating", "fake_logits", of_loss(lambda found, dloss, logits: found * len(logits)),
        "the gradient is that of a sum over the batch, while the loss is a mean"),
    "the minimax loss": Plant(
        "generator_loss, non_saturating", "fake_logits", of_loss(
            lambda found, dloss, logits: -dloss * sigmoid(logits) / len(logits), "non_saturating"),
        "the gradient is that of the minimax loss, mean log(1 - sigmoid(fake)), which vanishes where D is sure"),
    "the real side's sign": Plant(
        "real_loss, non_saturating", "real_logits", of_loss(lambda found, dloss, logits: -found),
        "the sign of the gradient is that of the fakes: real logits are to rise"),
    "a real loss summed": Plant(
        "real_loss, non_saturating", "real_logits", of_loss(lambda found, dloss, logits: found * len(logits)),
        "the gradient is that of a sum over the batch, while the loss is a mean"),
    "sigmoid of the other sign": Plant(
        "fake_loss, non_saturating", "fake_logits", of_loss(
            lambda found, dloss, logits: dloss * sigmoid(-logits) / len(logits), "non_saturating"),
        "the slope of softplus(x) is written as sigmoid(-x), and not as sigmoid(x)"),
    "a fake loss summed": Plant(
        "fake_loss, non_saturating", "fake_logits", of_loss(lambda found, dloss, logits: found * len(logits)),
        "the gradient is that of a sum over the batch, while the loss is a mean"),
    "R1, its two": Plant(
        "r1", "gradient", from_inputs(lambda found, dvalue, gradient, cost: 0.5 * found),
        "the square is differentiated without its factor of 2"),
    "R1, its mean": Plant(
        "r1", "gradient", from_inputs(lambda found, dvalue, gradient, cost: found * len(gradient)),
        "the gradient is that of a sum over the images, while the penalty is a mean"),
    "no appended channel": Plant(
        "minibatch_stddev", "x", of_group(lambda part, dy, x: 0.0 * part),
        "the gradient of the appended channel does not reach x"),
    "images for themselves": Plant(
        "minibatch_stddev", "x", of_group(own_image_alone),
        "each image gets the gradient of its own channel alone, though all of its group share the number"),
    "a mean over values forgotten": Plant(
        "minibatch_stddev", "x", of_group(lambda part, dy, x: part * x[0].size),
        "the mean over (H, W, C) is forgotten on the way back"),
    "a deviation held fixed": Plant(
        "minibatch_stddev, twice", "x", from_inputs(deviation_fixed),
        "std is held fixed in the second derivative, though it depends on x"),
}
