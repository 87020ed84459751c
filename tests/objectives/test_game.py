"""The terms of the game that no step of a generator shows; what it shows is held to account in tests/training."""

from types import SimpleNamespace

import numpy as np
import pytest
from support.helpers import assert_same, normal
from support.networks import DISCRIMINATORS, make_discriminator

from minihit import gradcheck, tree
from minihit.models import discriminator
from minihit.objectives import game
from minihit.objectives.feature_matching import feature_matching
from minihit.ops import augment

RECIPE = {"loss": "hinge", "r1": 0.7, "consistency": 1.3, "augment": ("color", "translation"), "features": 2.0}


def example(name="blur", seed=0, **recipe):
    """(D's parameters, real images, fake images, draws, preset)."""
    rng, config = np.random.default_rng(seed), DISCRIMINATORS[name]
    preset = SimpleNamespace(discriminator=config, recipe=SimpleNamespace(**{**RECIPE, **recipe}))
    params, real = make_discriminator(config, rng)
    return params, real, rng.standard_normal(real.shape), game.draw(rng, 4, 16, preset.recipe), preset


@pytest.mark.parametrize("recipe, expected", [
    ({}, {"augment", "consistency"}), ({"augment": ()}, {"consistency"}), ({"consistency": 0.0}, {"augment"}),
    ({"augment": None, "consistency": 0.0}, set())])
def test_only_what_is_needed_is_drawn_for_either_side(recipe, expected):
    *_, draws, _ = example(**recipe)
    assert draws.keys() == expected
    for name in expected:
        real, fake = draws[name]["real"], draws[name]["fake"]
        assert real.keys() == fake.keys() and not np.array_equal(real["contrast"], fake["contrast"])


def test_runs_of_before_are_drawn_again():
    """What DiffAugment takes comes first, and of that what real images take."""
    rng = np.random.default_rng(0)
    draws = game.draw(rng, 4, 16, SimpleNamespace(**RECIPE))
    assert_same(draws["augment"]["real"], augment.draw(np.random.default_rng(0), 4, 16))
    assert list(draws) == ["augment", "consistency"]


def test_the_maps_of_real_images_are_what_d_sees_of_them():
    params, real, _, draws, preset = example()
    seen, _ = augment.forward(real, draws["augment"]["real"], preset.recipe.augment)
    expected = discriminator.features(discriminator.forward(params, seen, preset.discriminator)[1])
    assert_same(game.real_terms(params, real, draws, preset)[2], expected)


def test_images_are_a_whole_batch_where_no_share_is_named():
    params, real, fake, draws, preset = example()
    of_real, of_fake = (lambda **share: game.real_terms(params, real, draws, preset, **share)[0],
                        lambda **share: game.fake_terms(params, fake, draws, preset, **share)[1])
    for grads in (of_real, of_fake):
        assert_same(grads(), grads(share=1.0))
        assert_same(grads(share=0.5), tree.map(lambda x: 0.5 * x, grads()))


@pytest.mark.parametrize("name", DISCRIMINATORS)
def test_a_target_adds_the_gradient_of_feature_matching_and_leaves_ds_alone(name):
    params, real, fake, draws, preset = example(name)
    *_, target = game.real_terms(params, real, draws, preset)
    plain, plain_grads, plain_metrics = game.fake_terms(params, fake, draws, preset)
    found, grads, metrics = game.fake_terms(params, fake, draws, preset, target)
    assert_same(grads, plain_grads)
    matching = metrics.pop("feature_matching")
    assert_same(metrics, plain_metrics)

    def cost(fake):
        seen, _ = augment.forward(fake, draws["augment"]["fake"], preset.recipe.augment)
        maps = discriminator.features(discriminator.forward(params, seen, preset.discriminator)[1])
        return feature_matching(target, maps, preset.recipe.features)[0]

    along = normal(5, *fake.shape) / fake.size**0.5
    slope, error = gradcheck.derivatives.slope(lambda t: cost(fake + t * along), 0.0, 1.0, cost(fake))
    np.testing.assert_allclose(matching, cost(fake))
    np.testing.assert_allclose(((found - plain) * along).sum(), slope, rtol=1e-6, atol=float(error.max()))


@pytest.mark.parametrize("name", DISCRIMINATORS)
def test_a_share_weights_ds_gradients_and_nothing_else(name):
    params, real, fake, draws, preset = example(name)
    for terms, images in ((game.real_terms, real), (game.fake_terms, fake)):
        found, whole = (terms(params, images, draws, preset, share=share) for share in (0.3, 1.0))
        grads = 1 if terms is game.fake_terms else 0
        for (path, leaf), (_, expected) in zip(tree.items(found[grads]), tree.items(whole[grads]), strict=True):
            np.testing.assert_allclose(leaf, 0.3 * expected, rtol=1e-9, atol=1e-12, err_msg=path)
        assert_same([found[1 - grads], found[2]], [whole[1 - grads], whole[2]])


def test_metrics_that_both_sides_have_are_added():
    assert game.both({"r1": 1, "consistency": 2}, {"consistency": 3, "fake_loss": 4}) == {
        "r1": 1, "consistency": 5, "fake_loss": 4}
