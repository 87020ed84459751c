"""One training step, ready to run again and again: networks, images and draws on the device.

Shapes: real (B, S, S, 3); draws as in training/step.py.
"""

import itertools
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from minihit import parallel
from minihit.backend import device_module, to_device
from minihit.models import generator
from minihit.presets import Preset
from minihit.training import state, step


@dataclass(frozen=True)
class Case:
    """training: State; numbers: counts the steps that were made."""

    preset: Preset
    device: str
    training: state.State
    real: Any
    draws: dict
    numbers: Any = field(default_factory=lambda: itertools.count(1))

    @property
    def xp(self):
        return device_module(self.device)

    @property
    def parts(self):
        """The slices of the batch that training processes one by one: micro-batches, or a lane each."""
        return self._shares()[0]

    def each(self, function, *inputs):
        """A function that calls `function` for each part as training does, on threads, and returns the list.

        inputs: lists with an entry per part.
        """
        arguments, (_, run) = list(zip(*inputs, strict=True)), self._shares()
        return lambda: run(lambda these: function(*these), arguments)

    def _shares(self):
        return step.shares(len(self.real), self.preset, self.preset.recipe, self.xp)


def make(preset, device="cpu", seed=0):
    """A Case of a new pair of networks; the images are noise."""
    rng, recipe, size = np.random.default_rng(seed), preset.recipe, preset.generator.size
    real = 2.0 * rng.random((recipe.batch, size, size, 3), dtype=np.float32) - 1.0
    draws = step.draw(rng, recipe.batch, preset, recipe)
    return Case(preset, device, state.create(seed, preset, device), *to_device([real, draws], device))


def step_of(case):
    """A function that makes one whole step, from images and draws to parameters and moving average."""
    preset, training = case.preset, case.training

    def run():
        grads, averages, _ = step.gradients(training.networks, case.real, case.draws, preset, preset.recipe)
        state.apply(training, grads, averages, next(case.numbers), preset.recipe)

    return run


def inference_of(case):
    """A function that makes a batch of images by the moving average, in evaluation, one at a time on every thread."""
    ema, config = case.training.trees["ema"], case.preset.generator
    latents = [case.draws["z"][i:i + 1] for i in range(len(case.real))]

    def image(z):
        return generator.generate(ema["params"], z, config, ema["averages"])

    return lambda: parallel.run(image, latents, case.xp)
