"""Adam and the moving average of parameters, on flat buffers and in place: one kernel each on a GPU."""

import math

from minihit.backend import array_module, fused

BETA1, BETA2, EPS = 0.0, 0.99, 1e-7
EMA_DECAY, EMA_START = 0.999, 10


def adam(params, grads, moments, step, lr, beta1=BETA1, beta2=BETA2):
    """One step of Adam (Kingma & Ba 2015) as Keras writes it, params and moments overwritten.

        p -= lr * sqrt(1 - beta2^t) / (1 - beta1^t) * m / (sqrt(v) + EPS)

    params, grads (n,); moments {"first": (n,), "second": (n,)}; step t counts from 1.
    """
    update(params, grads, moments, rate(lr, step, beta1, beta2), beta1, beta2)


def rate(lr, step, beta1=BETA1, beta2=BETA2):
    """The learning rate of step t (from 1), with the corrections of moments that began at zero."""
    return lr * math.sqrt(1.0 - beta2**step) / (1.0 - beta1**step)


def update(params, grads, moments, rate, beta1=BETA1, beta2=BETA2):
    """adam with the learning rate of the step, a number or an array ()."""
    _adam(params, grads, moments["first"], moments["second"], rate, beta1, 1.0 - beta1, beta2, 1.0 - beta2)


def init_moments(params):
    """Zeros of the shape of the flat params."""
    zeros_like = array_module(params).zeros_like
    return {"first": zeros_like(params), "second": zeros_like(params)}


def ema(average, values, step, decay=EMA_DECAY, start=EMA_START):
    """The moving average of values (n,) after step (from 1), overwritten: until step `start` a copy."""
    if step <= start:
        average[...] = values
    else:
        _average(average, values, decay, 1.0 - decay)


def clip(grads, largest):
    """The flat grads (n,), scaled down where their norm exceeds `largest`; decided on the device, without a sync."""
    xp = array_module(grads)
    return grads * xp.minimum(1.0, largest / xp.maximum(norm(grads), 1e-12)).astype(grads.dtype)


def norm(grads):
    """The length of the flat grads (n,), an array ()."""
    return (grads * grads).sum() ** 0.5


@fused
def _adam(params, grads, first, second, rate, keep_first, add_first, keep_second, add_second):
    _average(first, grads, keep_first, add_first)
    _average(second, grads * grads, keep_second, add_second)
    update = second ** 0.5
    update += EPS
    array_module(params).divide(first, update, out=update)
    update *= rate
    params -= update


@fused
def _average(average, values, keep, add):
    average *= keep
    average += add * values
