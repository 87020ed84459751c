"""The recipes of the paper at full size, as their user types them: draw a stand-in, prepare it, train for a few steps.

Of everything but the batch, its micro-batches and the length, the numbers are the presets'; batches are as small as two
cores and 24 GB ask for. At 1024 x 1024 these do not hold the 8 images of the official batch norm's groups, whose
activations are needed all at once: of 1 and of 2 images a micro-batch the step took 10.5 and 17.1 GB.
"""

import re
import runpy
import time
from dataclasses import replace

import numpy as np
import pytest
from support.commands import ROOT, python

from minihit import parallel
from minihit.data.store.reader import open_store
from minihit.presets import PRESETS
from minihit.show.images import read_image
from minihit.training.run import log
from minihit.training.run.config import read_config
from minihit.training.run.folder import RunFolder

RECIPES = {recipe.preset: recipe for recipe in runpy.run_path(str(ROOT / "examples/paper.py"))["RECIPES"]}
BATCHES = {"hit-128": (8, 8), "hit-256": (8, 8), "hit-256-ffhq": (4, 2), "hit-256-large": (2, 1), "hit-1024": (2, 1),
           "hit-1024-ffhq": (2, 2)}                                       # images, and those of a micro-batch
SMALLER = ["--steps", "2", "--measure-images", "2", "--log-every", "1", "--keep", "1", "--device", "cpu",
           "--recipe.augment"]                                            # so few pictures would be augmented
MEMORY, FACTOR = 24 * 10**9, 1.5                                          # of a process; between what is said and taken
COUNT = 12
RUN = """
import sys
from minihit.memory import peak_memory
from minihit.cli import main
code = main(sys.argv[1:])
print("peak", peak_memory())
sys.exit(code)
"""


def run(argv, folder):
    """(What a command prints, its peak memory), in a process of its own."""
    done = python("-c", RUN, *argv, environment={"OPENBLAS_NUM_THREADS": str(parallel.cores())}, cwd=folder)
    assert done.returncode == 0, done.stderr
    return done.stdout, int(re.search(r"peak (\d+)", done.stdout)[1])


def test_every_recipe_is_tried():
    assert BATCHES.keys() == RECIPES.keys() == {name for name in PRESETS if name.startswith("hit-")}


@pytest.mark.slow
@pytest.mark.parametrize("name", BATCHES)
def test_a_recipe_takes_its_steps_on_a_stand_in(name, tmp_path):
    recipe, preset, (batch, group) = RECIPES[name], PRESETS[name], BATCHES[name]
    run(recipe.draw("drawn", COUNT), tmp_path)
    run(recipe.prepare(recipe.drawn("drawn")), tmp_path)
    manifest = open_store(tmp_path / recipe.store).manifest
    assert (manifest.layout, manifest.size) == (recipe.data, preset.size)
    assert manifest.side == (146 if recipe.data == "ImageNet" else preset.size)  # random crops of 0.875

    started = time.monotonic()
    printed, peak = run([*recipe.train(), "--batch", str(batch), "--micro-batch", str(group), *SMALLER], tmp_path)
    seconds, folder = time.monotonic() - started, RunFolder(tmp_path / f"runs/{name}")
    said, (first, second) = float(re.search(r"and ([\d.]+) GB of", printed)[1]) * 1e9, steps(folder)
    print(f"{name}: {seconds:.0f} s, {second['seconds_per_step']:.1f} s a step, {peak / 1e9:.1f} GB, "
          f"{said / 1e9:.1f} GB said")

    smaller = replace(preset.recipe, batch=batch, micro_batch=group, steps=2, augment=())
    assert read_config(folder).preset == replace(preset, recipe=smaller)
    for term in ("generator_loss", "discriminator_loss", "r1", *["consistency"] * bool(preset.recipe.consistency)):
        assert np.isfinite([first[term], second[term]]).all() and first[term] != second[term]
    assert read_image(folder.samples / "ema-00000002.png").shape[1] >= 4 * preset.size
    assert peak < MEMORY and peak / FACTOR < said < peak * FACTOR


def steps(folder):
    """The lines of the log that the two steps wrote."""
    return [row for row in log.read(folder.log) if "seconds_per_step" in row]
