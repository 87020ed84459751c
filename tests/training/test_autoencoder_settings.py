"""Every setting of an autoencoder's recipe changes what it is for, and nothing else."""

import functools
from dataclasses import replace

import numpy as np
import pytest
from support import steps
from support.autoencoders import BY_GRADIENT, VAE, changed
from support.runs import run_config
from support.settings import changes, rows
from training.test_recipe_settings import copied, of_norm

from minihit import objectives, tree
from minihit.objectives.autoencoder_recipe import VaeRecipe, VqvaeRecipe
from minihit.training import loop, state, step
from minihit.training.run.folder import RunFolder

STEP = 4                                                                  # of twelve: D is faded in from the third on
SETTINGS = {"steps": 12, "decay_from": 0.5, "beta1": 0.3, "micro_batch": 2}
PRESETS = {"vae": changed(VAE, **SETTINGS), "vqvae": changed(BY_GRADIENT, **SETTINGS)}
OF_D = {"real_loss", "fake_loss", "real_logits", "fake_logits", "r1"}
METRICS = OF_D | {"pixels", "pyramid", "generator_loss", "feature_matching", "lambda"}
TRAINED = {"vae": ("encoder", "decoder"), "vqvae": ("encoder", "quantizer", "decoder")}
BOTTLENECK = {"vae": {"kl"}, "vqvae": {"commitment", "codebook"}}
DRAWS = {"vae": {"draws"}, "vqvae": set()}                                # trained codes are offered nothing
DECODED = {"gradient of the encoder", "gradient of the decoder"}
D_GRADIENT = "gradient of the discriminator"


def table(kind):
    trained = TRAINED[kind]
    grads = {f"gradient of the {name}" for name in (*trained, "discriminator")}
    of_others = {f"{name} after {count}" for name in trained for count in ("one", "twelve")} | {"moving averages"}
    later = {f"{name} after twelve" for name in (*trained, "discriminator")} | {"moving averages"}
    of_images = {"pixels", "pyramid", "generator_loss", "feature_matching", "lambda", "fake_loss", "fake_logits"}
    of_step = METRICS | BOTTLENECK[kind] | DRAWS[kind]
    return [
        ("batch", 4, 6, {"fade", "running averages", "images a step"} | grads | of_step),
        ("steps", 12, 20, {"steps of a run", "fade"} | later | DECODED),
        ("decay_from", 0.5, 0.25, later),
        ("beta1", 0.3, 0.4, {"first moments"} | later),
        ("beta2", 0.99, 0.9, {"second moments"} | later),
        ("clip", 0.0, 4e6, {"first moments", "second moments"} | later),
        ("ema_decay", 0.999, 0.9, {"moving averages"}),
        ("micro_batch", 2, 0, {"running averages"} | (grads - {"gradient of the quantizer"}) | of_images),
        ("rate", 1e-3, 2e-3, of_others),
        ("pixels", "l1", "l2", {"pixels", "lambda"} | DECODED),
        ("pyramid", 0.5, 0.7, {"pyramid", "lambda"} | DECODED),
        ("adversarial", 0.7, 0.9, DECODED),
        ("adversarial_from", 0.25, 0.3, {"fade"} | DECODED),
        ("features", 0.3, 0.5, {"feature_matching", "lambda"} | DECODED),
        ("discriminator_rate", 2e-4, 3e-4, {"discriminator after one", "discriminator after twelve"}),
        ("loss", "non_saturating", "hinge",
         {"generator_loss", "real_loss", "fake_loss", "lambda", D_GRADIENT} | DECODED),
        ("r1", 2.0, 3.0, {"r1", D_GRADIENT}),
        ("beta", 0.7, 0.9, {"gradient of the encoder"} | ({"commitment"} if kind == "vqvae" else set())),
    ]


OF_VAE = rows(VaeRecipe, [*table("vae"), ("sigma", 0.0, 0.3, {"pixels", "lambda"} | DECODED)])
TABLE = [("vae", *row) for row in OF_VAE] + [("vqvae", *row) for row in rows(VqvaeRecipe, table("vqvae"))]


@pytest.fixture(scope="module")
def facts(tmp_path_factory, pictures):
    return functools.cache(lambda preset: facts_of(preset, tmp_path_factory.mktemp("run"), pictures))


def facts_of(preset, path, pictures):
    """What a step computes, what twelve prescribed gradients do, and how a run goes."""
    rng, training = np.random.default_rng(1), steps.create(0, preset)
    draws = objectives.of(preset).draw(np.random.default_rng(2), preset.recipe.batch, preset, STEP)
    images = rng.standard_normal((8, 16, 16, 3))[:preset.recipe.batch]
    grads, averages, metrics = step.gradients(training.networks, images, draws, preset)
    found = {"first weights": copied(training.networks), "fade": draws.pop("fade"), "draws": draws,
             "running averages": averages, **metrics,
             **{f"gradient of the {name}": leaves for name, leaves in grads.items()}}
    with steps.watched(idle=True) as seen:
        loop.train(run_config(preset, data=pictures, log_every=1000, save_every=1000), RunFolder(path))
    return {**found, **prescribed(training, preset), "steps of a run": len(seen), "images a step": len(seen[0][0])}


def prescribed(training, preset):
    """What is left of gradients of norms 1, 2, ... millions, beside which Adam's EPS is nothing."""
    rng, found = np.random.default_rng(3), {}
    weights = {name: network["params"] for name, network in training.networks.items()}
    for number in range(1, 13):
        grads = {name: of_norm(1e6 * number, leaves, rng) for name, leaves in weights.items()}
        averages = {name: tree.map(lambda x: rng.standard_normal(x.shape), network["averages"])
                    for name, network in training.networks.items()}
        found["norms"] = state.apply(training, grads, averages, number, preset)
        if number == 1:
            found |= {f"{name} after one": copied(leaves) for name, leaves in weights.items()}
    for moment in ("first", "second"):
        found[f"{moment} moments"] = [training.trees["adam"][name][moment] for name in weights]
    return {**found, **{f"{name} after twelve": leaves for name, leaves in weights.items()},
            "moving averages": training.trees["ema"]}


@pytest.mark.parametrize("kind, field, value, other, expected", TABLE, ids=[f"{row[0]}, {row[1]}" for row in TABLE])
def test_a_setting_changes_what_it_is_for_and_nothing_else(facts, kind, field, value, other, expected):
    preset = PRESETS[kind]
    one, two = (facts(replace(preset, recipe=replace(preset.recipe, **{field: setting}))) for setting in (value, other))
    assert changes(one, two) == expected
