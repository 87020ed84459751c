"""One training step, ready to run again and again: networks, images and draws on the device.

Shapes: real (B, S, S, 3); draws as the objective draws them.
"""

import itertools
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from minihit import batches, models, objectives, parallel
from minihit.backend import device_module, to_device
from minihit.bench.clock import alternate, stopwatch
from minihit.capture import Repeated
from minihit.optim import EMA_START
from minihit.presets import Preset
from minihit.sums import alone
from minihit.training import state, step
from minihit.training.advance import records
from minihit.training.parts import lanes_that_pay


@dataclass(frozen=True)
class Case:
    """training: State; numbers: counts the steps that were made."""

    preset: Preset
    device: str
    training: state.State
    real: Any
    draws: dict
    lanes: int
    numbers: Any = field(default_factory=lambda: itertools.count(1))

    @property
    def xp(self):
        return device_module(self.device)

    @property
    def parts(self):
        """The slices of the batch that training processes one by one: micro-batches, or a lane each."""
        return self._plan().parts

    def each(self, function, *inputs, totals=False):
        """A function that calls `function` for each part as training does, on threads, and returns the list.

        inputs: lists with an entry per part. totals: whether the function takes `total`, which adds over the lanes.
        """
        plan, arguments = self._plan(), iter(list(zip(*inputs, strict=True)))
        groups = [[next(arguments) for _ in group] for group in plan.groups]

        def call(these, total):
            return function(*these, total=total) if totals else function(*these)

        if self.xp is np:
            return lambda: list(itertools.chain(*parallel.groups(call, groups, plan.at_once)))
        return lambda: [call(these, alone) for group in groups for these in group]

    def _plan(self):
        return step.plan(self.preset, len(self.real), self.lanes, self.xp)


def make(preset, device="cpu", seed=0):
    """A Case of a new pair of networks; the images are noise."""
    rng, recipe, size = np.random.default_rng(seed), preset.recipe, preset.size
    real = 2.0 * rng.random((recipe.batch, size, size, 3), dtype=np.float32) - 1.0
    draws = objectives.of(preset).draw(rng, recipe.batch, preset, 1)
    lanes = lanes_that_pay(recipe.batch, recipe.micro_batch, parallel.cores())
    return Case(preset, device, state.create(seed, preset, device), *to_device([real, draws], device), lanes)


def step_of(case, record=True):
    """A function that makes one whole step, from images and draws to parameters and moving average; on a GPU it replays
    a recorded one, as training does, unless record is false."""
    preset, training = case.preset, case.training
    recorded = record and records(case.device)
    copied = 0 if recorded else EMA_START

    def run():
        grads, averages, _ = step.gradients(training.networks, case.real, case.draws, preset, case.lanes)
        state.apply(training, grads, averages, next(case.numbers), preset, copied)

    return _settled(run, case.xp) if recorded else run


def _settled(run, xp):
    """A function that is replayed from now on."""
    repeated = Repeated(run, xp)
    for _ in range(2):
        repeated()
    return repeated


def inference_of(case, record=True):
    """A function that makes a batch of images by the moving average, in evaluation: one at a time on every thread, on a
    GPU as many together as sampling makes, and recorded as it records them unless record is false."""
    ema, config, z = case.training.trees["ema"]["generator"], case.preset.generator, case.draws["z"]
    count = 1 if case.xp is np else batches.on_gpu([config], config.size, case.device)
    latents = [z[start:start + count] for start in range(0, len(z), count)]

    def image(z):
        return models.of(config).generate(ema["params"], z, config, ema["averages"])

    def run():
        return parallel.run(image, latents, case.xp)

    return _settled(run, case.xp) if record and records(case.device) else run


def images_per_second(presets, device, rounds):
    """Of whole steps of presets {name: Preset}, which take turns: {name: by the median of so many rounds}."""
    cases = {name: make(preset, device) for name, preset in presets.items()}
    times = alternate({name: stopwatch(step_of(case), case.xp) for name, case in cases.items()}, rounds)
    return {name: preset.recipe.batch / np.median(times[name]) for name, preset in presets.items()}
