"""What adapters make of functions is what the functions return."""

import numpy as np
from support.helpers import assert_same, normal

from minihit.gradcheck import adapters
from minihit.gradcheck.networks import PLAIN
from minihit.models import discriminator
from minihit.objectives import losses, penalties
from minihit.ops import minibatch_stddev


def test_a_loss_is_a_layer_whose_gradients_are_scaled():
    logits, augmented = normal(0, 5), normal(1, 5)
    layer = adapters.loss(losses.consistency)
    value, cache = layer.forward(logits, augmented, cost=3.0)
    expected, *gradients = losses.consistency(logits, augmented, 3.0)
    assert value == expected
    assert_same(list(layer.backward(2.0, cache)), [2.0 * gradient for gradient in gradients])


def test_a_penalty_is_that_of_the_image_gradient():
    rng = np.random.default_rng(2)
    params, images = discriminator.init(rng, PLAIN), rng.standard_normal((2, 16, 16, 3))
    value, cache = adapters.penalty(penalties.r1, 5.0).forward(params, images, PLAIN)
    unit, _ = discriminator.logit_gradients(discriminator.forward(params, images, PLAIN)[1])
    assert value == penalties.r1(unit, 5.0)[0]
    assert cache["unit"][0].shape == images.shape


def test_windows_are_put_together_again():
    image = normal(3, 2, 4, 6, 3)
    pieces, cache = adapters.split().forward(image, (2, 3))
    assert pieces.shape == (2, 4, 6, 3)
    assert cache == {"window": (2, 3), "side": 4}


def test_the_tangent_of_stddev_is_the_ops():
    x, t_x = normal(4, 4, 2, 2, 3), normal(5, 4, 2, 2, 3)
    t_y, _ = adapters.stddev_tangent().forward(x, t_x)
    assert_same(t_y, minibatch_stddev.tangent(t_x, minibatch_stddev.forward(x)[1])[0])
