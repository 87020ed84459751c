import numpy as np

from minihit.gradcheck import networks
from minihit.gradcheck.networks import PLAIN
from minihit.models import discriminator
from minihit.objectives import penalties


def test_a_penalty_is_that_of_the_image_gradient():
    rng = np.random.default_rng(2)
    params, images = discriminator.init(rng, PLAIN), rng.standard_normal((2, 16, 16, 3))
    value, cache = networks.through_d(penalties.r1, 5.0).forward(params, images, PLAIN)
    gradient, _ = discriminator.logit_gradients(discriminator.forward(params, images, PLAIN)[1])
    assert value == penalties.r1(gradient, 5.0)[0]
    assert cache["of_logits"][0].shape == images.shape
