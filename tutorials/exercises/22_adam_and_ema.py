"""Exercise 22: Adam, a moving average, and clipping (tutorials/22_adam_and_ema.py).

Put your lines in the place of each NotImplementedError; then ask: minihit learn check 22

Shapes: all arrays (n,), the numbers of a whole network in a row.
"""

import math

import numpy as np

EPS = 1e-7


def adam(params, grads, moments, step, lr, beta1=0.0, beta2=0.99):
    """One step of Adam. params and moments {"first", "second"} are overwritten; step counts from 1.

    first and second are running averages of grads and of grads^2; params moves by
    lr * sqrt(1 - beta2^step) / (1 - beta1^step) * first / (sqrt(second) + EPS).
    """
    raise NotImplementedError("adam")


def ema(average, values, step, decay=0.999, start=10):
    """The moving average after step (from 1), overwritten: decay of the old one and for the rest the new values.

    Until step `start`, that one too, it is a copy of the values.
    """
    raise NotImplementedError("ema")


def clip(grads, largest):
    """grads, or where their length exceeds `largest` as many times smaller that it does not."""
    raise NotImplementedError("clip")
