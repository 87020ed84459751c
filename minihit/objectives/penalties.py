"""Penalties on the discriminator's image gradient: each returns (penalty, dpenalty / dgradient).

Shapes: gradient = d logit_b / d image_b and dgradient (B, H, W, 3); penalty a scalar array.

The weights' gradient of the penalty needs no second backward pass: it is the gradient of <dgradient, d logits / d
images> with dgradient held fixed, which is what discriminator.tangent along dgradient and one product per layer give.
"""


def r1(gradient, cost):
    """cost * mean_b ||gradient_b||^2 at real images (Mescheder et al. 2018), without the factor 1/2."""
    penalty = _squared_norms(gradient).mean() * cost
    return penalty, gradient * (2.0 * cost / len(gradient))


def wgan_gp(gradient, cost):
    """cost * mean_b (||gradient_b|| - 1)^2 at mixtures of real and fake (Gulrajani et al. 2017)."""
    norms = (_squared_norms(gradient) + 1e-12) ** 0.5
    excess = norms - 1.0
    slope = (excess / norms) * (2.0 * cost / len(gradient))                # (B,)
    return (excess * excess).mean() * cost, gradient * slope.reshape(-1, 1, 1, 1)


def _squared_norms(gradient):
    return (gradient * gradient).sum(axis=(1, 2, 3))
