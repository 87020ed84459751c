"""The loss of maps, and through the discriminator's images against autograd."""

import autograd.numpy as anp
import numpy as np
import pytest
from autograd import grad
from hypothesis import given
from oracles import discriminator as oracle
from support.helpers import normal, seeds
from support.networks import DISCRIMINATORS, make_discriminator

from minihit import gradcheck
from minihit.models import discriminator
from minihit.objectives.feature_matching import feature_matching

SHAPES = (2, 6, 6, 3), (2, 3, 3, 5), (2, 2, 2, 4)


@given(seeds)
def test_maps_weigh_the_same_whatever_their_size(seed):
    real, fake = ([normal(seed + 10 * k + i, *shape) for i, shape in enumerate(SHAPES)] for k in range(2))
    loss, dfake = feature_matching(real, fake, cost=2.5)
    np.testing.assert_allclose(loss, 2.5 * np.mean([((a - b) ** 2).mean() for a, b in zip(real, fake, strict=True)]))
    for a, b, found in zip(real, fake, dfake, strict=True):
        np.testing.assert_allclose(found, 2.5 * 2 * (b - a) / b.size / 3)


def test_it_costs_one_unless_told_otherwise():
    real, fake = [np.zeros((2, 3, 3, 1))], [np.full((2, 3, 3, 1), 3.0)]
    assert feature_matching(real, fake)[0] == 9.0


@pytest.mark.parametrize("config", DISCRIMINATORS.values(), ids=DISCRIMINATORS.keys())
def test_through_the_images_it_is_autograds(config):
    """Together with a gradient that comes through the logits, and alone."""
    params, images = make_discriminator(config, np.random.default_rng(0))
    real = discriminator.features(discriminator.forward(params, normal(1, *images.shape), config)[1])
    logits, cache = discriminator.forward(params, images, config)
    _, dfeatures = feature_matching(real, discriminator.features(cache), cost=30.0)
    of_logits = discriminator.logit_gradients(cache)

    def definition(images, dlogits):
        logits, maps = oracle.everything(params, images, config)
        matching = sum(anp.mean((a - b) ** 2) for a, b in zip(maps, real, strict=True)) / len(maps)
        return 30.0 * matching + anp.sum(dlogits * logits)

    for dlogits in (0.0 * logits, normal(2, len(logits))):
        expected = grad(definition)(images, dlogits)
        for found in (discriminator.image_gradient(dlogits, cache, of_logits, dfeatures),
                      discriminator.input_gradient(dlogits, cache, dfeatures=dfeatures)[0]):
            gradcheck.assert_close(found, expected, "images", rtol=1e-8, atol=1e-10)


def test_maps_of_another_discriminator_are_refused():
    maps = [normal(0, *shape) for shape in SHAPES]
    with pytest.raises(ValueError):
        feature_matching(maps, maps[:2])
