"""The gradients of a whole step against finite differences, term by term, and what a step must move."""

from dataclasses import replace

import numpy as np
import pytest
from support.helpers import cast
from support.runs import TINY, TINY_STYLEGAN2, tiny

from minihit import tree
from minihit.models import discriminator
from minihit.models.hit import generator
from minihit.objectives import gan
from minihit.training import parts, state, step

RECIPES = {
    "no regulariser": tiny(r1=0.0),
    "R1": tiny(),
    "hinge": tiny(loss="hinge"),
    "WGAN-GP": tiny(r1=0.0, wgan_gp=10.0),
    "bCR": tiny(consistency=10.0),
    "DiffAugment": tiny(augment=("color", "translation", "cutout")),
    "everything": tiny(wgan_gp=3.0, consistency=2.0, augment=("color",)),
    "one micro-batch": tiny(micro_batch=0),
    "no cross-attention": replace(TINY, generator=replace(TINY.generator, cross_attention=False)),
    "StyleGAN2": TINY_STYLEGAN2,
}
COUPLED = {f"{name}, stddev": replace(preset, discriminator=replace(preset.discriminator, minibatch_stddev=True),
                                      recipe=replace(preset.recipe, micro_batch=0)) for name, preset in RECIPES.items()}
PRESETS = {**RECIPES, **COUPLED}
D_LOSS = ("real_loss", "fake_loss", "r1", "consistency", "wgan_gp")


def make(preset, seed=0, dtype=np.float64):
    """(networks, real, draws): weights large enough that every term matters."""
    rng = np.random.default_rng(seed)
    networks = state.create(seed, preset).networks
    networks = tree.map(lambda leaf: leaf + 0.1 * rng.standard_normal(leaf.shape), networks)
    draws = tree.map(lambda x: x.astype(dtype) if x.dtype.kind == "f" else x, gan.draw(rng, 4, preset, 1))
    real = rng.standard_normal((4, preset.generator.size, preset.generator.size, 3))
    return cast(networks, dtype), real.astype(dtype), draws


def losses(networks, real, draws, preset):
    """{network: the loss that it descends}, from the metrics of a step."""
    *_, metrics = step.gradients(networks, real, draws, preset)
    return {"generator": metrics["generator_loss"], "discriminator": sum(metrics.get(name, 0.0) for name in D_LOSS)}


@pytest.mark.parametrize("name", PRESETS)
@pytest.mark.parametrize("network", ["generator", "discriminator"])
def test_gradients_agree_with_finite_differences(name, network):
    preset, h = PRESETS[name], 1e-7
    networks, real, draws = make(preset)
    grads, _, _ = step.gradients(networks, real, draws, preset)
    rng = np.random.default_rng(1)
    direction = tree.map(lambda leaf: rng.standard_normal(leaf.shape) / leaf.size**0.5, networks[network]["params"])

    def loss(distance):
        moved = tree.map(lambda leaf, along: leaf + distance * along, networks[network]["params"], direction)
        return losses({**networks, network: {**networks[network], "params": moved}}, real, draws, preset)[network]

    numerical = (8 * (loss(h) - loss(-h)) - (loss(2 * h) - loss(-2 * h))) / (12 * h)
    products = tree.map(lambda along, grad: (along * grad).sum(), direction, grads[network])
    np.testing.assert_allclose(sum(value for _, value in tree.items(products)), numerical, rtol=2e-6, atol=1e-8)


@pytest.mark.parametrize("name", RECIPES)
def test_micro_batches_do_not_change_the_discriminators_gradient(name):
    """With layer norm not the generator's either; 3 of 4 images leave an uneven rest."""
    preset = RECIPES[name]
    if preset.generator.kind == "hit":
        preset = replace(preset, generator=replace(preset.generator, norm="layer"))
    inputs = make(preset)
    whole, parts = (step.gradients(*inputs, replace(preset, recipe=replace(preset.recipe, micro_batch=size)))[0]
                    for size in (0, 3))
    for (path, a), (_, b) in zip(tree.items(whole), tree.items(parts), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-12, err_msg=path)


@pytest.mark.parametrize("name", ["one micro-batch", "no regulariser", "everything"])
@pytest.mark.parametrize("lanes", [2, 3, 4, 9])
def test_lanes_share_the_statistics_of_batch_norm(name, lanes):
    """However a batch is cut into lanes, gradients and running averages are those of the whole batch."""
    preset = replace(PRESETS[name], recipe=replace(PRESETS[name].recipe, micro_batch=0))
    inputs = make(preset)
    whole, cut = step.gradients(*inputs, preset), step.gradients(*inputs, preset, lanes)
    for (path, a), (_, b) in zip(tree.items(whole), tree.items(cut), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-12, err_msg=path)


@pytest.mark.parametrize("name", [name for name in PRESETS if "hinge" not in name])
def test_every_leaf_moves_in_a_step(name):
    """A leaf without gradient is cut off. Aside from shifts that softmax or a norm ignores, and hinge's saturated
    logits."""
    preset = PRESETS[name]
    grads, *_ = step.gradients(*make(preset), preset)
    ignored = ("key/bias", "contract/bias", "out/bias", "value/bias", "widen/bias", "to_rgb/norm/bias")
    for path, grad in tree.items(grads):
        assert abs(grad).max() > 1e-12 or path.endswith(ignored), path


def test_the_plan_of_a_step_has_its_lanes_on_the_cpu_and_one_on_a_gpu_and_leaves_coupled_images_together():
    preset, stddev = RECIPES["one micro-batch"], COUPLED["one micro-batch, stddev"]
    assert step.plan(preset, 8, 2) == parts.plan(8, 0, 2)
    assert step.plan(preset, 8, 2, xp="cupy") == parts.plan(8, 0, 1)
    assert step.plan(stddev, 8, 2) == parts.plan(8, 0, 2, coupled=True)


def test_a_step_is_cut_as_its_plan_says(monkeypatch):
    preset, asked = RECIPES["one micro-batch"], []
    inputs, plan = make(preset), step.plan
    monkeypatch.setattr(step, "plan", lambda *arguments: asked.append(arguments) or plan(*arguments))
    step.gradients(*inputs, preset)
    step.gradients(*inputs, preset, 3)
    assert asked == [(preset, 4, 1, np), (preset, 4, 3, np)]


def test_a_step_changes_nothing_that_it_was_given():
    preset = RECIPES["everything"]
    inputs = make(preset)
    copies = tree.map(np.copy, inputs)
    step.gradients(*inputs, preset)
    for (path, a), (_, b) in zip(tree.items(inputs), tree.items(copies), strict=True):
        np.testing.assert_array_equal(a, b, err_msg=path)


def test_float32_stays_float32():
    preset = RECIPES["everything"]
    for path, leaf in tree.items(step.gradients(*make(preset, dtype=np.float32), preset)):
        assert leaf.dtype == np.float32, path


def test_the_generator_learns_from_the_discriminator_it_saw():
    """The generator's gradient is that of mean softplus(-D(G(z))), taken through both networks one after the other."""
    preset = tiny(micro_batch=0)
    networks, real, draws = make(preset)
    fake, g_cache = generator.forward(networks["generator"]["params"], draws["z"], preset.generator)
    logits, d_cache = discriminator.forward(networks["discriminator"]["params"], fake, preset.discriminator)
    dlogits = -1.0 / (1.0 + np.exp(logits)) / len(logits)
    _, expected = generator.backward(discriminator.backward(dlogits, d_cache)[0], g_cache)
    grads, *_ = step.gradients(networks, real, draws, preset)
    for (path, a), (_, b) in zip(tree.items(grads["generator"]), tree.items(expected), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-14, err_msg=path)
