"""Mistakes in what is no layer of gradcheck's table, as the plants of plants.py are made of them.

Shapes: as in parts.py and adapters.py.
"""

import math

import numpy as np

from minihit.layers import linear
from minihit.learn import adapters
from minihit.ops import augment
from minihit.optim import EPS


def instead(layer, **functions):
    """A plant that writes other functions for those that the layer is made of."""
    return lambda right: {"forward": layer(functions).forward}


def one_side(function, x, h):
    return _slopes(x, lambda nudge: (function(x + h * nudge) - function(x)) / h)


def two_points(function, x, h):
    return _slopes(x, lambda nudge: (function(x + h * nudge) - function(x - h * nudge)) / (2 * h))


def nudges_pile_up(function, x, h):
    """Four points at an x that keeps every nudge."""
    here, weights = x.copy(), {1: 8 / 12, -1: -8 / 12, 2: -1 / 12, -2: 1 / 12}

    def slope(nudge):
        found = sum(weight * function(here + point * h * nudge) for point, weight in weights.items()) / h
        here[...] += h * nudge
        return found

    return _slopes(x, slope)


def _slopes(x, slope):
    nudges = np.eye(x.size).reshape(x.size, *x.shape)
    return np.array([slope(nudge) for nudge in nudges]).reshape(x.shape)


def rate(lr, step, beta1, beta2):
    return lr * math.sqrt(1.0 - beta2**step) / (1.0 - beta1**step)


def adam_with(rate=rate, divisor=lambda second: np.sqrt(second) + EPS, write=True, remember=True):
    """Adam with one of its pieces another."""
    def adam(params, grads, moments, step, lr, beta1, beta2):
        first, second = (moments[name] if remember else moments[name].copy() for name in ("first", "second"))
        first[...] = beta1 * first + (1.0 - beta1) * grads
        second[...] = beta2 * second + (1.0 - beta2) * grads**2
        update = rate(lr, step, beta1, beta2) * first / divisor(second)
        params -= update if write else 0.0
    return instead(adapters.adam, adam=adam)


def betas_exchanged(params, grads, moments, step, lr, beta1, beta2):
    first, second = moments["first"], moments["second"]
    first[...] = (1.0 - beta1) * first + beta1 * grads
    second[...] = beta2 * second + (1.0 - beta2) * grads**2
    params -= rate(lr, step, beta1, beta2) * first / (np.sqrt(second) + EPS)


def ema_with(keep=lambda decay: decay, copied=lambda step, start: step <= start):
    """The moving average with another weight of the old, or another end of the copies."""
    def ema(average, values, step, decay, start):
        average[...] = values if copied(step, start) else keep(decay) * average + (1.0 - keep(decay)) * values
    return instead(adapters.ema, ema=ema)


def farthest(z, codebook):
    return codebook[((z[..., None, :] - codebook)**2).sum(-1).argmax(-1)], {}


def most_alike(z, codebook):
    return codebook[(z @ codebook.T).argmax(-1)], {}


def means_fixed(dx, dy, x, draws):
    return dy * augment.per_image((draws["contrast"] + 0.5) * draws["saturation"] * 2.0, dy)


def weights_changed(change):
    """A plant that changes the weights' gradients: change(gradient, dlogits)."""
    def wrong(layer):
        return {"backward": lambda dy, cache: {
            "weights": [change(gradient, dy) for gradient in layer.backward(dy, cache)["weights"]]}}
    return wrong


def seeds(change):
    """A plant that starts with other seeds: change(seeds)."""
    return lambda layer: {"backward": lambda dy, cache: layer.backward(change(dy), cache)}


def slope_of_gelu_left_out(found, dy, params, x):
    dx, grads = linear.backward(dy, linear.forward(params, x)[1])
    return dy + dx, grads


def map_forgotten(layer):
    """A stage whose image alone sends a gradient back."""
    def backward(dy, cache):
        of_map = np.arange(dy.size) < math.prod(cache["shapes"][0])
        return layer.backward(np.where(of_map, 0.0, dy), cache)
    return {"backward": backward}


def of_image(change):
    """A plant that changes the gradient of the image of the stages before: change(dimage of this stage)."""
    def wrong(layer):
        def backward(dy, cache):
            dx, dtokens, _, grads = layer.backward(dy, cache)
            shape = cache["shapes"][1]
            return dx, dtokens, change(dy[-math.prod(shape):].reshape(shape)), grads
        return {"backward": backward}
    return wrong


def tangent_as(change):
    """A plant that changes a tangent: change(t_y, t_x, cache)."""
    return lambda layer: {"tangent": lambda t_x, cache: change(layer.tangent(t_x, cache)[0], t_x, cache)}


def position_averaged(layer):
    """A stage's, whose gradients end with those of the parameters."""
    def backward(dy, cache):
        *others, grads = layer.backward(dy, cache)
        return *others, {**grads, "position": grads["position"] / len(others[0])}
    return {"backward": backward}


def squares_averaged(dimage):
    b, height, width, c = dimage.shape
    return dimage.reshape(b, height // 2, 2, width // 2, 2, c).mean(axis=(2, 4))
