"""How the costs grow: of the generator with the image, of a step with the batch, and of starting at all.

Every number comes from a process of its own, so that its peak of memory is honest.
"""

import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, replace

import numpy as np

from minihit.backend import array_module, to_device
from minihit.bench import apart, case, memory
from minihit.bench.clock import stopwatch
from minihit.memory import keep_memory
from minihit.models import first_values, of
from minihit.presets import PRESETS
from minihit.show.figures import figure

GENERATORS = ("celeba-64", "hit-128", "hit-256", "hit-1024")
BATCHES = (1, 2, 4, 8, 16, 32, 64)
STARTS = {
    "import minihit": ["-c", "import minihit"],
    "minihit --help": ["-m", "minihit", "--help"],
    "minihit train, to its first step": ["-c", """
import os, sys
from minihit.cli import main
from minihit.training import loop
loop.Steps.__call__ = lambda *arguments: os._exit(0)
sys.exit(main(sys.argv[1:]) or 1)
""", "train", "--device", "cpu", "--run"],
}


@dataclass(frozen=True)
class Row:
    """What was measured at one size: side of the image, images at a time, seconds per image, peak bytes."""

    what: str
    side: int
    batch: int
    seconds_per_image: float
    peak: int


def measure(preset, rounds, device="cpu", generators=GENERATORS, batches=BATCHES):
    """{"generator": Rows by side, "step": Rows by batch, of the preset, "start": {what: seconds}}.

    generators: names of presets; batches: images per step, in micro-batches as the preset has them.
    """
    return {
        "generator": [_apart(_generator, name, PRESETS[name].generator, rounds, device) for name in generators],
        "step": [_apart(_step, _with_batch(preset, batch), rounds, device) for batch in batches],
        "start": {what: statistics.median(_start(arguments) for _ in range(rounds))
                  for what, arguments in STARTS.items()},
    }


def _apart(function, *arguments):
    with apart.process() as call:
        return call(function, *arguments)


def _with_batch(preset, batch):
    recipe = preset.recipe
    return replace(preset, recipe=replace(recipe, batch=batch, micro_batch=min(recipe.micro_batch, batch)))


def _generator(name, config, rounds, device):
    """One image at a time, in evaluation."""
    keep_memory()
    rng = np.random.default_rng(0)
    networks, z = to_device([first_values(rng, config), rng.standard_normal((1, *config.z_shape), np.float32)], device)
    seconds, peak = _median(lambda: of(config).generate(networks["params"], z, config, networks["averages"]), z, rounds)
    return Row(name, config.size, 1, seconds, peak)


def _step(preset, rounds, device):
    keep_memory()
    here = case.make(preset, device)
    seconds, peak = _median(case.step_of(here), here.real, rounds)
    batch = preset.recipe.batch
    return Row("step", preset.size, batch, seconds / batch, peak)


def _median(function, array, rounds):
    """(median of its seconds after a first call, peak memory)."""
    xp = array_module(array)
    run = stopwatch(function, xp)
    run()
    return statistics.median(run() for _ in range(rounds)), memory.peak(xp)


def _start(arguments):
    """Seconds of a fresh interpreter; a run goes to a folder that is removed."""
    with tempfile.TemporaryDirectory() as folder:
        target = [folder + "/run"] if arguments[-1] == "--run" else []
        start = time.perf_counter()
        subprocess.run([sys.executable, *arguments, *target], check=True, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL)
        return time.perf_counter() - start


def plot(path, found):
    """Three panels as a PNG: seconds per image and memory of the generator by side, both of a step by batch."""
    with figure(path, 11, 3.6) as drawn:
        speed, space, steps = drawn.subplots(1, 3)
        pixels = [row.side**2 for row in found["generator"]]
        seconds = [row.seconds_per_image for row in found["generator"]]
        speed.plot(pixels, seconds, "o-", label="measured")
        linear = [seconds[0] * count / pixels[0] for count in pixels]
        speed.plot(pixels, linear, "--", color="grey", label="linear in the pixels")
        speed.set(title="generator", ylabel="seconds per image")
        space.plot(pixels, [row.peak / 2**20 for row in found["generator"]], "o-")
        space.set(title="generator", ylabel="peak memory (MiB)")
        for axes in (speed, space):
            axes.set(xlabel="side of the image", xscale="log", yscale="log")
            axes.set_xticks(pixels, [str(row.side) for row in found["generator"]])
            axes.set_xticks([], minor=True)
        batches = [row.batch for row in found["step"]]
        steps.plot(batches, [row.seconds_per_image for row in found["step"]], "o-")
        steps.set(title="training step", xlabel="batch", ylabel="seconds per image", ylim=(0, None), xscale="log")
        steps.set_xticks(batches, map(str, batches))
        steps.set_xticks([], minor=True)
        speed.legend(frameon=False)
        for axes in (speed, space, steps):
            axes.grid(alpha=0.3)
