"""Training against an independent implementation, with everything on and no two settings alike."""

from dataclasses import replace

import numpy as np
import pytest
from oracles import discriminator
from oracles import training as oracle
from support import steps
from support.runs import TINY, TINY_STYLEGAN2

from minihit import tree
from minihit.models.discriminator.config import DiscriminatorConfig
from minihit.objectives.gan_recipe import GanRecipe

UNEQUAL = GanRecipe(
    batch=5, steps=20, generator_rate=3e-3, discriminator_rate=7e-3, decay_from=0.07, beta1=0.3, beta2=0.8, r1=0.7,
    wgan_gp=1.9, consistency=1.3, augment=("translation", "cutout"), clip=0.9, ema_decay=0.6, micro_batch=3)
PRESETS = {
    "non-saturating": replace(TINY, recipe=UNEQUAL),
    "hinge": replace(TINY, recipe=replace(UNEQUAL, loss="hinge", augment=("cutout", "color"), micro_batch=4)),
    "hinge, whole batches": replace(TINY, recipe=replace(UNEQUAL, loss="hinge", augment=("color",), micro_batch=0)),
    "layer norm, average, equalised": replace(
        TINY, generator=replace(TINY.generator, norm="layer", multi_query=False),
        discriminator=DiscriminatorConfig((4, 6, 5), downsample="average", equalized=True),
        recipe=replace(UNEQUAL, r1=0.0, augment=(), clip=0.0, micro_batch=4)),
    "a grid of latents": replace(TINY, generator=replace(TINY.generator, spatial=True, tokens=16), recipe=UNEQUAL),
    "StyleGAN2": replace(TINY_STYLEGAN2, recipe=UNEQUAL),
    "minibatch stddev": replace(
        TINY, discriminator=replace(TINY.discriminator, minibatch_stddev=True),
        recipe=replace(UNEQUAL, batch=4, augment=("color", "translation"), micro_batch=0)),
}


def assert_close(actual, expected, number):
    expected = dict(tree.items(expected))
    for path, leaf in tree.items(actual):
        np.testing.assert_allclose(leaf, expected.pop(path), rtol=1e-7, atol=1e-9, err_msg=f"step {number}: {path}")
    assert not expected


@pytest.mark.parametrize("name", PRESETS)
def test_steps_are_those_of_straight_line_code(name):
    """The first two, and two more around which the moving average begins."""
    preset, rng = PRESETS[name], np.random.default_rng(7)
    training = steps.create(1, preset)
    here = tree.map(np.copy, steps.trees(training))
    for number in (1, 2, 10, 11):
        real = rng.standard_normal((preset.recipe.batch, 16, 16, 3))
        draws = steps.draw(rng, preset)
        steps.advance(training, real, draws, preset, number)
        here = oracle.advance(here, real, draws, preset, number)
        assert_close(steps.trees(training), here, number)


@pytest.mark.parametrize("name", PRESETS)
def test_metrics_are_the_terms_of_the_losses(name):
    preset, rng = PRESETS[name], np.random.default_rng(8)
    preset = replace(preset, recipe=replace(preset.recipe, micro_batch=0))
    training, real, draws = steps.create(2, preset), rng.standard_normal((4, 16, 16, 3)), steps.draw(rng, preset)
    draws = tree.map(lambda values: values[:4], draws)
    here = steps.trees(training)
    *_, metrics = steps.gradients(training, real, draws, preset)
    g_params, d_params = here["generator"]["params"], here["discriminator"]
    fake = oracle.fakes(g_params, draws, preset.generator)
    expected = {"generator_loss": oracle.generator_loss(g_params, d_params, draws, preset),
                **oracle.discriminator_terms(d_params, real, fake, draws, preset)}
    for images, name in ((real, "real"), (fake, "fake")):
        seen = oracle.augmented(images, draws, name, preset.recipe)
        expected[f"{name}_logits"] = discriminator.logits(d_params, seen, preset.discriminator).mean()
    assert {name for name, value in metrics.items() if value} == expected.keys()
    for name, value in expected.items():
        np.testing.assert_allclose(metrics[name], value, rtol=1e-7, err_msg=name)
