"""Every setting of a recipe changes what it is for, and nothing else."""

import functools
from dataclasses import replace

import numpy as np
import pytest
from support import steps
from support.runs import run_config, tiny
from support.settings import changes, rows

from minihit import tree
from minihit.objectives.gan_recipe import GanRecipe
from minihit.training import loop
from minihit.training.run.folder import RunFolder

PRESET = tiny(steps=12, decay_from=0.5, beta1=0.3, r1=1.0, wgan_gp=1.0, consistency=1.0, augment=("color",))
METRICS = {"generator_loss", "real_loss", "fake_loss", "real_logits", "fake_logits", "r1", "consistency", "wgan_gp"}
OF_G = {"generator after one step", "generator after twelve", "average of the generator"}
OF_D = {"discriminator after one step", "discriminator after twelve"}
LATER = {"generator after twelve", "average of the generator", "discriminator after twelve"}
GRADIENTS = {"gradient of the generator", "gradient of the discriminator"}
TABLE = rows(GanRecipe, [
    ("batch", 4, 6, {"draws", "running averages", "images a step"} | GRADIENTS | METRICS),
    ("steps", 12, 20, {"steps of a run"} | LATER),
    ("generator_rate", 1e-3, 2e-3, OF_G),
    ("discriminator_rate", 1e-3, 2e-3, OF_D),
    ("decay_from", 0.5, 0.25, LATER),
    ("beta1", 0.3, 0.4, {"first moments"} | LATER),
    ("beta2", 0.99, 0.9, {"second moments"} | LATER),
    ("loss", "non_saturating", "hinge", {"generator_loss", "real_loss", "fake_loss"} | GRADIENTS),
    ("r1", 1.0, 2.0, {"r1", "gradient of the discriminator"}),
    ("wgan_gp", 1.0, 2.0, {"wgan_gp", "gradient of the discriminator"}),
    ("consistency", 1.0, 2.0, {"consistency", "gradient of the discriminator"}),
    ("augment", ("color",), ("cutout",), (METRICS - {"wgan_gp"}) | GRADIENTS),
    ("clip", 0.0, 4e6, {"first moments", "second moments"} | LATER),
    ("ema_decay", 0.999, 0.9, {"average of the generator"}),
    ("micro_batch", 2, 0, (METRICS - {"real_loss", "real_logits", "r1"}) | {"running averages"} | GRADIENTS),
])


@pytest.fixture(scope="module")
def facts(tmp_path_factory, pictures):
    return functools.cache(lambda preset: facts_of(preset, tmp_path_factory.mktemp("run"), pictures))


def facts_of(preset, path, pictures):
    """What a step computes, what twelve prescribed gradients do, and how a run goes."""
    rng, training = np.random.default_rng(1), steps.create(0, preset)
    draws = steps.draw(np.random.default_rng(2), preset)
    real = rng.standard_normal((8, 16, 16, 3))[:preset.recipe.batch]
    grads, averages, metrics = steps.gradients(training, real, draws, preset)
    found = {"first weights": copied(steps.trees(training)), "draws": draws, "running averages": averages, **metrics,
             **{f"gradient of the {name}": leaves for name, leaves in grads.items()}}
    with steps.watched(idle=True) as seen:
        loop.train(run_config(preset, data=pictures, log_every=1000, save_every=1000), RunFolder(path))
    return {**found, **prescribed(training, preset), "steps of a run": len(seen), "images a step": len(seen[0][0])}


def prescribed(training, preset):
    """What is left of gradients of norms 1, 2, ... millions, beside which Adam's EPS is nothing."""
    rng, here, found = np.random.default_rng(3), steps.trees(training), {}
    weights = {"generator": here["generator"]["params"], "discriminator": here["discriminator"]}
    for number in range(1, 13):
        grads = {name: of_norm(1e6 * number, leaves, rng) for name, leaves in weights.items()}
        averages = tree.map(lambda x: rng.standard_normal(x.shape), here["generator"]["averages"])
        found["norms"] = steps.apply(training, grads, averages, number, preset)
        if number == 1:
            found |= {f"{name} after one step": copied(leaves) for name, leaves in weights.items()}
    for moment in ("first", "second"):
        found[f"{moment} moments"] = [here["adam"][name][moment] for name in weights]
    return {**found, **{f"{name} after twelve": leaves for name, leaves in weights.items()},
            "average of the generator": here["ema"]}


def of_norm(norm, leaves, rng):
    drawn = tree.map(lambda leaf: rng.standard_normal(leaf.shape), leaves)
    length = np.sqrt(sum((leaf**2).sum() for _, leaf in tree.items(drawn)))
    return tree.map(lambda leaf: norm / length * leaf, drawn)


def copied(leaves):
    return tree.map(np.copy, leaves)


@pytest.mark.parametrize("field, value, other, expected", TABLE, ids=[row[0] for row in TABLE])
def test_a_setting_changes_what_it_is_for_and_nothing_else(facts, field, value, other, expected):
    one, two = (facts(replace(PRESET, recipe=replace(PRESET.recipe, **{field: setting}))) for setting in (value, other))
    assert changes(one, two) == expected
