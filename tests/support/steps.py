"""How tests reach into training: the one file to change when the parts of a training step move."""

from contextlib import contextmanager

import numpy as np
import pytest
from support.helpers import cast

from minihit import tree
from minihit.training import estimate, loop, pictures, state, step, watch


def create(seed, preset, dtype=np.float64, spread=0.1):
    """All that training changes, in that dtype, with weights large enough that every term of a loss matters."""
    pack, rng = tree.pack, np.random.default_rng(seed)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tree, "pack", lambda leaves, xp: pack(cast(leaves, dtype), xp))
        training = state.create(seed, preset)
    for buffer in (trees(training)["generator"]["params"], trees(training)["discriminator"]):
        tree.map(lambda leaf: tree.copy_into(leaf, leaf + spread * rng.standard_normal(leaf.shape)), buffer)
    return training


def trees(training):
    """Its arrays by the names of checkpoints: "generator" and "ema" {"params", "averages"}, "discriminator", "adam"."""
    return training.trees


def draw(rng, preset):
    """All that is random in a step of this preset: {"z", "mix", "augment", "consistency"}, what it needs of them."""
    return step.draw(rng, preset.recipe.batch, preset, preset.recipe)


def gradients(training, real, draws, preset):
    """({network: gradient}, new running averages, metrics)."""
    return step.gradients(training.networks, real, draws, preset, preset.recipe)


def apply(training, grads, averages, number, preset):
    """Update `training` in place by step `number`; returns the norms of the gradients."""
    return state.apply(training, grads, averages, number, preset.recipe)


def advance(training, real, draws, preset, number):
    """Both: a whole step; returns its metrics."""
    grads, averages, metrics = gradients(training, real, draws, preset)
    apply(training, grads, averages, number, preset)
    return metrics


@contextmanager
def watched(idle=False):
    """A list to which every step of the runs meanwhile adds its (real images, draws).

    idle: nothing is computed, shown or measured; the log and the checkpoints are written.
    """
    seen, compute = [], step.gradients

    def gradients(networks, real, draws, preset, recipe):
        seen.append((real.copy(), tree.map(np.copy, draws)))
        if not idle:
            return compute(networks, real, draws, preset, recipe)
        grads = {name: tree.map(np.zeros_like, networks[name]) for name in ("generator", "discriminator")}
        return grads, networks["state"], {"generator_loss": np.float32(0.0)}

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loop.step, "gradients", gradients)
        patch.setattr(estimate, "seconds_per_step", lambda config, device: 1.0)
        for module, name in ((watch.Watch, "look"), (pictures, "write_curves"), (pictures, "write_timelapse")):
            patch.setattr(module, name, (lambda *_: None) if idle else getattr(module, name))
        yield seen
