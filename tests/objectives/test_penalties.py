"""Gradient penalties: their values, and the weights' gradient of each against autograd's gradient of a gradient."""

import autograd.numpy as anp
import numpy as np
import pytest
from autograd import grad, value_and_grad
from hypothesis import given
from hypothesis import strategies as st
from oracles import discriminator as oracle
from support.helpers import image_shapes, normal, seeds
from support.networks import DISCRIMINATORS, discriminators, make_discriminator

from minihit import gradcheck, tree
from minihit.models import discriminator
from minihit.objectives import penalties

COST = 10.0


def squared_norms(gradient):
    return anp.sum(gradient**2, axis=(1, 2, 3))


# {name: (ours, the same penalty of an image gradient for autograd)}
PENALTIES = {
    "r1": (penalties.r1, lambda gradient: COST * anp.mean(squared_norms(gradient))),
    "wgan_gp": (penalties.wgan_gp,
                lambda gradient: COST * anp.mean((anp.sqrt(squared_norms(gradient) + 1e-12) - 1) ** 2)),
}
every_penalty = pytest.mark.parametrize("penalty, definition", PENALTIES.values(), ids=PENALTIES.keys())
every_option = pytest.mark.parametrize("config", DISCRIMINATORS.values(), ids=DISCRIMINATORS.keys())


@every_penalty
@given(shape=image_shapes(), seed=seeds)
def test_value_and_gradient_agree_with_autograd(penalty, definition, shape, seed):
    gradient = normal(seed, *shape)
    value, dgradient = penalty(gradient, COST)
    np.testing.assert_allclose(value, definition(gradient), rtol=1e-9)
    np.testing.assert_allclose(dgradient, grad(definition)(gradient), atol=1e-9)


@every_penalty
def test_an_image_gradient_of_zero_stays_finite(penalty, definition):
    value, dgradient = penalty(np.zeros((2, 4, 4, 3), np.float32), COST)
    assert value.dtype == dgradient.dtype == np.float32
    assert np.isfinite(value) and not dgradient.any()


@every_option
@every_penalty
@pytest.mark.parametrize("count", [1, 4, 8])
def test_the_weights_gradient_is_autograds_gradient_of_a_gradient(penalty, definition, config, count):
    """One unit backward, one tangent and one product per layer do what a tape does in two nested passes."""
    assert_autograd_agrees(penalty, definition, config, count, seed=0)


@every_penalty
@given(config=discriminators(), count=st.sampled_from([1, 2, 4, 8]), seed=seeds)
def test_so_it_is_for_any_architecture(penalty, definition, config, count, seed):
    assert_autograd_agrees(penalty, definition, config, count, seed)


def assert_autograd_agrees(penalty, definition, config, count, seed):
    params, images = make_discriminator(config, np.random.default_rng(seed), count=count)
    _, cache = discriminator.forward(params, images, config)
    unit = discriminator.logit_gradients(cache)
    value, dgradient = penalty(unit[0], COST)
    grads = discriminator.loss_gradients(np.zeros(count), cache, unit, dgradient)

    expected, expected_grads = value_and_grad(
        lambda params: definition(oracle.image_gradient(params, images, config)))(params)
    np.testing.assert_allclose(value, expected, rtol=1e-9)
    leaves = dict(tree.items(expected_grads))
    for path, leaf in tree.items(grads):
        scale = max(1.0, np.abs(leaves[path]).max())
        gradcheck.assert_close(leaf, leaves[path], path, rtol=1e-7, atol=1e-9 * scale)


@every_option
@every_penalty
def test_loss_and_penalty_share_their_products(penalty, definition, config):
    """Seeds and a penalty at once are the sum of the two alone."""
    params, images = make_discriminator(config, np.random.default_rng(1))
    _, cache = discriminator.forward(params, images, config)
    unit, seeds = discriminator.logit_gradients(cache), normal(2, len(images))
    _, dgradient = penalty(unit[0], COST)
    both = dict(tree.items(discriminator.loss_gradients(seeds, cache, unit, dgradient)))
    alone = discriminator.loss_gradients(0 * seeds, cache, unit, dgradient)
    apart = tree.add(discriminator.backward(seeds, cache)[1], alone)
    for path, leaf in tree.items(apart):
        gradcheck.assert_close(both[path], leaf, path, rtol=1e-9, atol=1e-9)


@every_penalty
def test_biases_do_not_enter_a_penalty(penalty, definition):
    """But for those below minibatch stddev, the only part of the discriminator that bends."""
    params, images = make_discriminator(DISCRIMINATORS["blur"], np.random.default_rng(3))
    _, cache = discriminator.forward(params, images, DISCRIMINATORS["blur"])
    unit = discriminator.logit_gradients(cache)
    grads = discriminator.loss_gradients(np.zeros(4), cache, unit, penalty(unit[0], COST)[1])
    assert not any(leaf.any() for path, leaf in tree.items(grads) if path.endswith("bias"))
