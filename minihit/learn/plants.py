"""Classic mistakes in what is no layer of gradcheck's table: optimisers, and functions around layers."""

import numpy as np

from minihit.gradcheck.classics_of_attention import grads_changed
from minihit.gradcheck.hints import of_the_table
from minihit.gradcheck.plant import Plant, from_inputs
from minihit.gradcheck.results import OUTPUT
from minihit.learn import adapters, parts
from minihit.learn.mistakes import (
    adam_with,
    betas_exchanged,
    ema_with,
    farthest,
    instead,
    map_forgotten,
    means_fixed,
    most_alike,
    nudges_pile_up,
    of_image,
    one_side,
    position_averaged,
    seeds,
    slope_of_gelu_left_out,
    squares_averaged,
    tangent_as,
    two_points,
    weights_changed,
)
from minihit.ops import augment
from minihit.optim import EPS


def plants_of(part):
    """The Plants that may be known again in a part."""
    own = [plant for plant in PLANTS.values() if parts.of(plant.check).check.layer is part.check.layer]
    return of_the_table(part.check) + own


WEIGHTS = ("params/weights/1", "params/weights/2")
PLANTS = {
    "one side": Plant("numerical_gradient", OUTPUT, instead(
        adapters.numerical_gradient, numerical_gradient=one_side),
        "x is moved to one side only, so that the error falls as h alone"),
    "two points": Plant("numerical_gradient", OUTPUT, instead(
        adapters.numerical_gradient, numerical_gradient=two_points),
        "two points are taken for four, so that the error falls as h^2 alone"),
    "nudges pile up": Plant("numerical_gradient", OUTPUT, instead(
        adapters.numerical_gradient, numerical_gradient=nudges_pile_up),
        "x keeps the nudge when the next value is nudged"),
    "a right one named": Plant("find the bug", OUTPUT, lambda layer: {
        "forward": lambda x, dy: (np.zeros(1), {})},
        "ANSWER names a backward whose gradient is right: ask all three with a random dy"),
    "a position averaged": Plant("position", "params/position", grads_changed(
        lambda grads, dy, cache: {"position": grads["position"] / len(dy)}),
        "the position's gradient is averaged over the images in place of summed"),
    "a position of one image": Plant("position", "params/position", grads_changed(
        lambda grads, dy, cache: {"position": dy[:1]}),
        "the position gets the gradient of the first image alone"),
    "a skip forgotten": Plant("skip", "x", from_inputs(
        lambda found, dy, params, x: (found[0] - dy, found[1])),
        "the gradient that takes the skip, dy itself, is not added"),
    "a skip alone": Plant("skip", "x", from_inputs(lambda found, dy, params, x: (dy, found[1])),
        "the skip is taken alone: x is read by linear, too"),
    "no slope of GELU": Plant("skip", "x", from_inputs(slope_of_gelu_left_out),
        "dy goes to linear as it is, without GELU's slope", ("params/weight", "params/bias")),
    "a stage's position averaged": Plant("stage, colours", "params/position", position_averaged,
        "the position's gradient is averaged over the images in place of summed"),
    "a stage's map forgotten": Plant("stage, colours", "x", map_forgotten,
        "the gradient of the map that the next stage reads is lost: that of to_rgb is to be added to it"),
    "a stage's image averaged": Plant("stage, colours", "image", of_image(squares_averaged),
        "the four pixels that one was upsampled to are averaged and not added"),
    "a stage's image, one of four": Plant("stage, colours", "image", of_image(lambda dimage: dimage[:, ::2, ::2]),
        "one pixel of each square of 2 x 2 is taken, though all four were made of the same one"),
    "seeds forgotten": Plant("weight_gradients", "params/weights/0", seeds(np.ones_like),
        "the seeds are forgotten: it is the gradient of the sum of all logits", WEIGHTS),
    "seeds squared": Plant("weight_gradients", "params/weights/0", seeds(lambda seeds: seeds**2),
        "rows are scaled twice, those of x and those of delta", WEIGHTS),
    "seeds averaged": Plant("weight_gradients", "params/weights/0", weights_changed(
        lambda gradient, dlogits: gradient / len(dlogits)),
        "the gradient is averaged over the images: the seeds have their 1 / B already", WEIGHTS),
    "a tangent with linear's bias": Plant("linear, tangent", "tangent", tangent_as(
        lambda t_y, t_x, cache: t_y + cache["bias"]),
        "the bias is added to the tangent, though it does not move with x"),
    "a tangent upside down": Plant("linear, tangent", "tangent", tangent_as(
        lambda t_y, t_x, cache: t_x @ cache["weight"].T),
        "t_x goes through W^T, as a gradient does: a tangent goes forwards, through W"),
    "colours, no contrast": Plant("color", "x", from_inputs(
        lambda dx, dy, x, draws: augment.stretch(dy, draws["saturation"] * 2.0, axis=3)),
        "the contrast is forgotten on the way back"),
    "colours, no saturation": Plant("color", "x", from_inputs(
        lambda dx, dy, x, draws: augment.stretch(dy, draws["contrast"] + 0.5, axis=(1, 2, 3))),
        "the saturation is forgotten on the way back"),
    "colours, means fixed": Plant("color", "x", from_inputs(means_fixed),
        "dy is multiplied by the factors alone, though the means depend on x, too"),
    "no bias correction": Plant("adam", OUTPUT, adam_with(rate=lambda lr, step, beta1, beta2: lr),
        "the averages are not corrected for having begun at zero"),
    "no root": Plant("adam", OUTPUT, adam_with(divisor=lambda second: second + EPS),
        "the root of the second average is forgotten"),
    "betas exchanged": Plant("adam", OUTPUT, instead(adapters.adam, adam=betas_exchanged),
        "beta1 is the weight of the new gradient, though it is that of the old average"),
    "averages not written": Plant("adam", OUTPUT, adam_with(remember=False),
        "first and second stay as they were: write into the arrays that were given, as first[...] = ... does"),
    "parameters not written": Plant("adam", OUTPUT, adam_with(write=False),
        "params stay as they were: write into the array that was given, as params -= ... does"),
    "an average not written": Plant("ema", OUTPUT, instead(
        adapters.ema, ema=lambda average, values, step, decay, start: None),
        "the average stays as it was: write into the array that was given, as average[...] = ... does"),
    "decay exchanged": Plant("ema", OUTPUT, ema_with(
        keep=lambda decay: 1.0 - decay),
        "decay is the weight of the new values, though it is that of the old average"),
    "no copy at first": Plant("ema", OUTPUT, ema_with(copied=lambda step, start: False),
        "the first values are not copied, and the average remembers what it began with"),
    "a copy too few": Plant("ema", OUTPUT, ema_with(copied=lambda step, start: step < start),
        "the copies end one step too early: step `start` is a copy, too"),
    "value by value": Plant("clip", OUTPUT, instead(
        adapters.clip, clip=lambda grads, largest: grads.clip(-largest, largest)),
        "each value is clipped by itself, which changes the direction: it is the length that must not exceed"),
    "always as long": Plant("clip", OUTPUT, instead(
        adapters.clip, clip=lambda grads, largest: grads * (largest / np.linalg.norm(grads))),
        "short gradients are stretched, too: they are to stay as they are"),
    "the farthest code": Plant("quantize", OUTPUT, instead(adapters.quantize, forward=farthest),
        "the farthest code is taken, and not the nearest"),
    "the most alike": Plant("quantize", OUTPUT, instead(adapters.quantize, forward=most_alike),
        "the code with the largest product is taken: |e|^2 belongs to the distance, too"),
    "no way through": Plant("quantize, backward", OUTPUT, lambda layer: {
        "forward": lambda z, codebook, dq: (0.0 * dq, {})},
        "nothing comes back: that is the true gradient of a nearest code, with which no encoder learns"),
}
