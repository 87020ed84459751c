"""Exercise 17: the losses of the game (tutorials/17_the_game.py).

Shapes: logits, dlogits (B,), of any size. Each function returns (loss, dlogits): a mean over the batch, and its
gradient.
"""

import numpy as np


def generator_loss(fake_logits, kind="non_saturating"):
    """mean softplus(-fake); with kind "hinge" -mean fake. softplus(x) = log(1 + exp(x))."""
    if kind == "hinge":
        return -fake_logits.mean(), np.full_like(fake_logits, -1.0 / len(fake_logits))
    return softplus_loss(fake_logits, -1.0)


def real_loss(real_logits, kind="non_saturating"):
    """mean softplus(-real); with kind "hinge" mean max(0, 1 - real)."""
    return hinge_loss(real_logits, -1.0) if kind == "hinge" else softplus_loss(real_logits, -1.0)


def fake_loss(fake_logits, kind="non_saturating"):
    """mean softplus(fake); with kind "hinge" mean max(0, 1 + fake)."""
    return hinge_loss(fake_logits, 1.0) if kind == "hinge" else softplus_loss(fake_logits, 1.0)


def softplus_loss(logits, sign):
    sigmoid = 0.5 + 0.5 * np.tanh(0.5 * sign * logits)
    return np.logaddexp(0.0, sign * logits).mean(), sign * sigmoid / len(logits)


def hinge_loss(logits, sign):
    inside = 1.0 + sign * logits > 0
    return (inside * (1.0 + sign * logits)).mean(), sign * inside / len(logits)
