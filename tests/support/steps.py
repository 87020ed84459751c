"""How tests reach into training: the one file to change when the parts of a training step move."""

from contextlib import contextmanager

import numpy as np
import pytest
from support.helpers import cast

from minihit import objectives, tree
from minihit.training import estimate, pictures, state, step, watch


def create(seed, preset, dtype=np.float64, spread=0.1):
    """All that training changes, in that dtype, with weights large enough that every term of a loss matters."""
    pack, rng = tree.pack, np.random.default_rng(seed)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tree, "pack", lambda leaves, xp: pack(cast(leaves, dtype), xp))
        training = state.create(seed, preset)
    for network in training.networks.values():
        tree.map(lambda leaf: tree.copy_into(leaf, leaf + spread * rng.standard_normal(leaf.shape)), network["params"])
    return training


def trees(training):
    """Its arrays: "generator" and "ema" {"params", "averages"}, "discriminator", and "adam" of both."""
    networks = training.networks
    return {"generator": networks["generator"], "ema": training.trees["ema"]["generator"],
            "discriminator": networks["discriminator"]["params"], "adam": training.trees["adam"]}


def draw(rng, preset):
    """All that is random in a step of this preset: {"z", "mix", "augment", "consistency"}, what it needs of them."""
    return objectives.of(preset).draw(rng, preset.recipe.batch, preset, 1)


def gradients(training, real, draws, preset):
    """({network: gradient}, the generator's new running averages, metrics)."""
    grads, averages, metrics = step.gradients(training.networks, real, draws, preset, lanes=2)
    return grads, averages["generator"], metrics


def apply(training, grads, averages, number, preset):
    """Update `training` in place by step `number`; returns the norms of the gradients."""
    return state.apply(training, grads, {"generator": averages}, number, preset)


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

    def gradients(networks, real, draws, preset, lanes):
        seen.append((real.copy(), tree.map(np.copy, draws)))
        if not idle:
            return compute(networks, real, draws, preset, lanes)
        grads = {name: tree.map(np.zeros_like, network["params"]) for name, network in networks.items()}
        averages = {name: network["averages"] for name, network in networks.items()}
        return grads, averages, {"generator_loss": np.float32(0.0)}

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(step, "gradients", gradients)
        patch.setattr(estimate, "seconds_per_step", lambda *_: 1.0)
        for module, name in ((watch.Watch, "look"), (pictures, "write_curves"), (pictures, "write_timelapse")):
            patch.setattr(module, name, (lambda *_: None) if idle else getattr(module, name))
        yield seen
