"""StyleGAN2's residual discriminator as HiT uses it: image to logit, and what its losses need of it."""

from minihit.models.discriminator.algebra import image_gradient, logit_gradients, loss_gradients
from minihit.models.discriminator.network import (
    backward,
    equalize,
    features,
    forward,
    init,
    init_averages,
    input_gradient,
    output_gradients,
    parameter_gradient,
    tangent,
    weight_gradient,
)

__all__ = ["backward", "equalize", "features", "forward", "image_gradient", "init", "init_averages",
           "input_gradient", "logit_gradients", "loss_gradients", "output_gradients", "parameter_gradient", "tangent",
           "weight_gradient"]
