"""Adversarial losses: each returns (loss, dlogits), the mean over the batch and its gradient.

Shapes: logits, dlogits (B,); loss a scalar array on the device of the logits.
"""

from minihit.backend import array_module, fused

KINDS = ("non_saturating", "hinge")


def generator_loss(fake_logits, kind="non_saturating"):
    """mean softplus(-fake) (Goodfellow et al. 2014), or -mean fake with hinge (Lim & Ye 2017)."""
    if kind == "hinge":
        return -fake_logits.mean(), array_module(fake_logits).full_like(fake_logits, -1.0 / len(fake_logits))
    return softplus_loss(fake_logits, -1.0)


def real_loss(real_logits, kind="non_saturating"):
    """The part of the discriminator's loss on real images: mean softplus(-real), or mean relu(1 - real)."""
    return hinge_loss(real_logits, -1.0) if kind == "hinge" else softplus_loss(real_logits, -1.0)


def fake_loss(fake_logits, kind="non_saturating"):
    """The part of the discriminator's loss on generated images: mean softplus(fake), or mean relu(1 + fake)."""
    return hinge_loss(fake_logits, 1.0) if kind == "hinge" else softplus_loss(fake_logits, 1.0)


def consistency(logits, augmented_logits, cost):
    """cost * mean (D(x) - D(T x))^2 (bCR, Zhao et al. 2021): (loss, dlogits, daugmented_logits)."""
    squares, dlogits, daugmented_logits = _squares(logits, augmented_logits, 2.0 * cost / len(logits))
    return cost * squares.mean(), dlogits, daugmented_logits


def softplus_loss(logits, sign):
    """mean log(1 + exp(sign * logit)), without overflow."""
    losses, dlogits = _softplus(logits, sign, sign / len(logits))
    return losses.mean(), dlogits


def hinge_loss(logits, sign):
    """mean relu(1 + sign * logit)."""
    losses, dlogits = _hinge(logits, sign, sign / len(logits))
    return losses.mean(), dlogits


@fused
def _squares(logits, augmented_logits, factor):
    """Of the differences, and their gradients."""
    difference = logits - augmented_logits
    dlogits = difference * factor
    return difference * difference, dlogits, -dlogits


@fused
def _softplus(logits, sign, factor):
    """Of every image, and its slope times the factor."""
    xp = array_module(logits)
    sigmoid = 0.5 + 0.5 * xp.tanh(0.5 * (sign * logits))
    return xp.logaddexp(sign * logits, 0.0 * logits), sigmoid * factor


@fused
def _hinge(logits, sign, factor):
    """Of every image, and its slope times the factor."""
    margin = 1.0 + sign * logits
    inside = (margin > 0).astype(logits.dtype)
    return margin * inside, inside * factor
