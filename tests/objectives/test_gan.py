"""What the game says of itself; its gradients are held to account in tests/training."""

import numpy as np
from support import steps
from support.helpers import assert_same
from support.runs import tiny

from minihit import tree
from minihit.objectives import gan


def test_every_quantity_of_a_step_is_drawn_once():
    preset = tiny(wgan_gp=1.0, consistency=1.0, augment=("color",), micro_batch=0)
    training, rng = steps.create(0, preset), np.random.default_rng(0)
    real = rng.standard_normal((4, preset.size, preset.size, 3))
    _, _, metrics = steps.gradients(training, real, steps.draw(rng, preset), preset)
    drawn = [name for _, names, _ in gan.PANELS for name in names]
    assert sorted(drawn) == sorted([*metrics, *(f"{name}_norm" for name in preset.networks)])
    assert set(gan.SUMS["discriminator_loss"]) == {*metrics} - {"generator_loss", "real_logits", "fake_logits"}


def parts_of_a_step(**recipe):
    """Networks, real images, draws and a preset, as gradients takes them."""
    preset, rng = tiny(**recipe), np.random.default_rng(0)
    return [steps.create(0, preset).networks, rng.standard_normal((4, 16, 16, 3)), steps.draw(rng, preset), preset]


def test_what_is_off_is_neither_drawn_nor_computed():
    networks, real, draws, preset = parts_of_a_step(r1=0.0, augment=())
    assert draws.keys() == {"z"}
    _, _, metrics = gan.gradients(networks, real, draws, preset)
    assert metrics.keys() == {"generator_loss", "real_loss", "fake_loss", "real_logits", "fake_logits"}


def test_what_is_drawn_is_float32():
    _, _, draws, _ = parts_of_a_step(wgan_gp=1.0, augment=())
    assert {name: values.dtype for name, values in draws.items()} == {"z": np.float32, "mix": np.float32}


def test_what_makes_pictures_has_a_moving_average():
    assert gan.SAMPLED in gan.AVERAGED
    assert {*gan.AVERAGED} < gan.rates(tiny()).keys()


def test_images_are_the_whole_batch_unless_a_share_is_named():
    assert_same(gan.gradients(*parts_of_a_step()), gan.gradients(*parts_of_a_step(), share=1.0))


def test_a_mixture_may_be_grey():
    networks, real, draws, preset = parts_of_a_step(wgan_gp=1.0)
    grads, _, _ = gan.gradients(networks, 0.0 * real, {**draws, "mix": np.ones((4, 1, 1, 1))}, preset)
    assert all(np.isfinite(leaf).all() for _, leaf in tree.items(grads))
