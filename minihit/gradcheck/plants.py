"""Does the check have teeth? Mistakes that people make, planted one at a time: each must be caught at its leaf."""

from types import SimpleNamespace

import numpy as np

from minihit import tree
from minihit.gradcheck import (
    classics_of_adversary,
    classics_of_attention,
    classics_of_latents,
    classics_of_layers,
    classics_of_ops,
    classics_of_stylegan2,
)
from minihit.gradcheck.checks import run
from minihit.gradcheck.plant import Plant
from minihit.gradcheck.table import CHECKS
from minihit.models import discriminator
from minihit.ops import upsample
from minihit.ops.column_sum import column_sum


def planted(plant, check=None):
    """The check, or else the plant's own entry of the table, with the mistake in its layer."""
    check = check or CHECKS[plant.check]
    functions = {name: getattr(check.layer, name) for name in ("forward", "backward", "tangent", "fold")
                 if hasattr(check.layer, name)}
    return check._replace(layer=SimpleNamespace(**{**functions, **plant.wrong(check.layer)}))


def run_plant(plant, rng):
    """The Comparison at the leaf of the mistake, which is caught where its share is above 1."""
    return {row.path: row for row in run(planted(plant), rng)}[plant.leaf]


def after(change):
    """A plant that changes what the right backward returns: change(gradients, dy, cache)."""
    def wrong(layer):
        return {"backward": lambda dy, cache: change(layer.backward(dy, cache), dy, cache)}
    return wrong


def changed(gradients, name, change):
    """(dx, grads) with one gradient of the parameters changed."""
    dx, grads = gradients
    return dx, {**grads, name: change(grads[name])}


def stem_times(factor):
    """A penalty whose gradient of the stem is so many times too large."""
    return after(lambda grads, dy, cache: {**grads, "stem": tree.map(lambda leaf: factor * leaf, grads["stem"])})


def mean_forgotten(layer):
    """Layer norm as if the mean did not depend on x."""
    def backward(dy, cache):
        dx_hat = dy * cache["scale"]
        dx = dx_hat - cache["x_hat"] * (dx_hat * cache["x_hat"]).mean(axis=-1, keepdims=True)
        return dx * cache["rstd"], layer.backward(dy, cache)[1]
    return {"backward": backward}


def statistics_fixed(layer):
    """Batch norm as if the statistics did not depend on the batch."""
    return {"backward": lambda dy, cache: (dy * (cache["rstd"] * cache["scale"]), layer.backward(dy, cache)[1])}


def biased_variance(layer):
    """Running averages of the biased variance: N in place of N - 1."""
    def fold(averages, cache):
        return layer.fold(averages, {**cache, "unbiased": cache["variance"]})
    return {"fold": fold}


def swapped_momentum(layer):
    """A running mean that keeps 1% and takes 99%."""
    return {"fold": lambda averages, cache: {**layer.fold(averages, cache),
                                          "mean": layer.fold(averages, cache, momentum=0.01)["mean"]}}


def nearest(layer):
    """The gradient of the blur spread evenly, not by its transpose."""
    return {"backward": lambda dy, cache: upsample.forward(0.25 * dy)[0]}


def tangent_with_bias(layer):
    """A tangent that adds the bias, which does not move."""
    return {"tangent": lambda t_x, cache: layer.tangent(t_x, cache)[0] + cache["bias"]}


def bend_forgotten(layer):
    """R1 as if minibatch stddev were linear."""
    def backward(dvalue, cache):
        _, t_cache = discriminator.tangent(dvalue * cache["dgradient"], cache["cache"])
        no_seeds = 0.0 * cache["of_logits"][0][:, 0, 0, 0]
        return discriminator.weight_gradient(cache["of_logits"][1], cache["cache"], no_seeds, t_cache)
    return {"backward": backward}


PLANTS = {
    "a factor of 1.001": Plant(
        "gelu", "x", after(lambda dx, dy, cache: 1.001 * dx), "a constant is wrong in its third digit"),
    "a sign": Plant(
        "attend", "key", after(lambda found, dy, cache: (found[0], -found[1], found[2])), "a sign is wrong"),
    "a dropped term, the mean": Plant(
        "layer_norm", "x", mean_forgotten, "it is forgotten that the mean depends on x, too"),
    "a dropped term, the sum": Plant(
        "softmax", "scores", after(lambda dx, dy, cache: cache["probs"] * dy),
        "it is forgotten that every score is in the sum that all are divided by"),
    "a dropped term, the skip": Plant(
        "mlp", "x", after(lambda found, dy, cache: (found[0] - dy, found[1])),
        "the gradient that takes the skip, dy itself, is not added"),
    "a transposed axis": Plant(
        "linear", "params/weight", after(lambda found, dy, cache: changed(found, "weight", np.transpose)),
        "dy^T x is written for x^T dy: the gradient is transposed"),
    "a kernel turned around": Plant(
        "conv2d", "params/weight", after(
            lambda found, dy, cache: changed(found, "weight", lambda dweight: dweight[::-1, ::-1])),
        "the kernel is turned around where it should not be"),
    "a bias averaged, not summed": Plant(
        "linear", "params/bias", after(
            lambda found, dy, cache: changed(found, "bias", lambda dbias: dbias * (dbias.size / dy.size))),
        "dy is averaged over the rows in place of summed"),
    "a bias of the wrong gradient": Plant(
        "layer_norm", "params/bias", after(
            lambda found, dy, cache: changed(found, "bias", lambda dbias: column_sum(dy * cache["scale"]))),
        "the bias gets the gradient of what the scale multiplies, dy * scale, and not dy"),
    "statistics held fixed": Plant(
        "batch_norm", "x", statistics_fixed,
        "mean and variance are held fixed, as in evaluation, though they depend on x"),
    "a running average, biased": Plant(
        "batch_norm", "running variance", biased_variance,
        "the running average takes the variance over n, not over n - 1"),
    "a running average, 1% kept": Plant(
        "batch_norm", "running mean", swapped_momentum,
        "the running average keeps 1% and takes 99%, not the other way round"),
    "no transpose": Plant(
        "blur_downsample", "x", nearest, "dy is spread evenly over four pixels, not by the transpose of the blur"),
    "one token reader of two": Plant(
        "cross_attention", "tokens", after(lambda found, dy, cache: (found[0], 0.5 * found[1], found[2])),
        "the two gradients that reach the tokens, as keys and as values, are averaged and not added"),
    "a tangent with its bias": Plant(
        "conv2d", "tangent", tangent_with_bias, "the bias is added to the tangent, though it does not move with x"),
    "R1 with a factor of 1.001": Plant(
        "r1, through D, equalised", "params/stem/weight", stem_times(1.001),
        "a constant of the stem is wrong in its third digit"),
    "R1 with the factor 1/2": Plant(
        "r1, through D, blur", "params/stem/weight", stem_times(0.5),
        "the square is differentiated without its factor of 2"),
    "R1 without the bend": Plant(
        "r1, through D, stddev", "params/stem/weight", bend_forgotten,
        "minibatch stddev is taken for linear, and its second derivative is left out"),
    **classics_of_ops.CLASSICS,
    **classics_of_layers.CLASSICS,
    **classics_of_attention.CLASSICS,
    **classics_of_adversary.CLASSICS,
    **classics_of_latents.CLASSICS,
    **classics_of_stylegan2.CLASSICS,
}
