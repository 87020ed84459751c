"""The state that training changes: flat buffers, their views, and ten steps whose losses are pinned."""

from dataclasses import FrozenInstanceError

import numpy as np
import pytest
from support.runs import TINY, TINY_VAE, TINY_VQVAE, tiny

from minihit import tree
from minihit.objectives import gan
from minihit.training import state, step

PINNED = np.array([
    [0.692557, 1.358114],
    [0.692447, 1.346658],
    [0.693618, 1.329440],
    [0.693827, 1.322560],
    [0.694943, 1.287861],
    [0.695967, 1.294801],
    [0.696179, 1.274414],
    [0.696674, 1.264090],
    [0.696206, 1.257082],
    [0.695658, 1.237552],
])


def ten_steps(preset):
    """The state after ten steps on images of noise, and the losses (generator, discriminator) at each."""
    training, losses = state.create(0, preset), []
    for number in range(1, 11):
        rng = np.random.default_rng([0, number])
        real = rng.standard_normal((4, preset.generator.size, preset.generator.size, 3), dtype=np.float32)
        draws = gan.draw(rng, 4, preset, 1)
        grads, averages, metrics = step.gradients(training.networks, real, draws, preset)
        state.apply(training, grads, averages, number, preset)
        losses.append([float(metrics["generator_loss"]), float(metrics["real_loss"] + metrics["fake_loss"])])
    return training, np.array(losses)


def test_the_losses_of_ten_steps_are_pinned():
    _, losses = ten_steps(tiny(steps=10, consistency=1.0))
    np.testing.assert_allclose(losses, PINNED, rtol=2e-4)


@pytest.mark.parametrize("preset, averaged", [
    (TINY, {"generator"}), (TINY_VAE, {"encoder", "decoder"}), (TINY_VQVAE, {"encoder", "quantizer", "decoder"}),
], ids=["gan", "vae", "vqvae"])
def test_views_share_the_buffers(preset, averaged):
    training = state.create(0, preset)
    for kind, buffers in (("networks", training.buffers), ("ema", training.averaged)):
        assert training.trees[kind].keys() == buffers.keys()
        for name, buffer in buffers.items():
            assert all(np.shares_memory(leaf, buffer) for _, leaf in tree.items(training.trees[kind][name]))
            assert tree.size(training.trees[kind][name]) == buffer.size
    assert training.averaged.keys() == averaged


def test_no_buffer_is_swapped_for_one_that_its_views_know_nothing_of():
    with pytest.raises(FrozenInstanceError):
        state.create(0, TINY).buffers = {}


def test_every_leaf_of_both_networks_moves():
    training, before = state.create(0, tiny(steps=10)), state.create(0, tiny()).trees
    training, _ = ten_steps(tiny(steps=10))
    for kind in ("networks", "ema"):
        for (path, a), (_, b) in zip(tree.items(training.trees[kind]), tree.items(before[kind]), strict=True):
            assert not np.array_equal(a, b) or path.endswith("key/bias"), f"{kind}/{path}"


def test_the_average_covers_the_running_averages():
    training, _ = ten_steps(tiny(steps=10))
    generator, ema = (training.trees[kind]["generator"]["averages"] for kind in ("networks", "ema"))
    for (path, a), (_, b) in zip(tree.items(generator), tree.items(ema), strict=True):
        np.testing.assert_array_equal(a, b, err_msg=path)                  # step 10 is the last one that is a copy


def test_clipping_bounds_the_update():
    training = state.create(0, tiny())
    grads = {name: tree.map(np.ones_like, network["params"]) for name, network in training.networks.items()}
    norms = state.apply(training, grads, {}, 1, tiny(clip=1e-3))
    first = training.moments["generator"]["first"]
    np.testing.assert_allclose(np.sqrt(first @ first), 1e-3, rtol=1e-5)
    np.testing.assert_allclose(norms["generator"], first.size**0.5, rtol=1e-5)
