"""Exercise 17: the losses of the game (tutorials/17_the_game.py).

Put your lines in the place of each NotImplementedError; then ask: minihit learn check 17

Shapes: logits, dlogits (B,), of any size. Each function returns (loss, dlogits): a mean over the batch, and its
gradient.
"""

import numpy as np


def generator_loss(fake_logits, kind="non_saturating"):
    """mean softplus(-fake); with kind "hinge" -mean fake. softplus(x) = log(1 + exp(x))."""
    raise NotImplementedError("generator_loss")


def real_loss(real_logits, kind="non_saturating"):
    """mean softplus(-real); with kind "hinge" mean max(0, 1 - real)."""
    raise NotImplementedError("real_loss")


def fake_loss(fake_logits, kind="non_saturating"):
    """mean softplus(fake); with kind "hinge" mean max(0, 1 + fake)."""
    raise NotImplementedError("fake_loss")
