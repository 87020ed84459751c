"""Whether a run fits into memory, and what it really takes."""

import os
import re
import subprocess
import sys
import tracemalloc
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from support.runs import everything, run_config, shrunk, tiny

import minihit
from minihit import batches, cost, objectives
from minihit.errors import UserError
from minihit.presets import PRESETS
from minihit.presets.autoencoder import counterpart
from minihit.training import estimate, loop, pictures, room, state, step
from minihit.training.run.config import RunConfig
from minihit.training.run.folder import RunFolder

FACES = RunConfig(PRESETS["faces-32"])
FACTOR = 1.5                                                              # between what is said and what is taken


@pytest.mark.parametrize("recipe, cure", [
    ({}, "choose --micro-batch 1, a smaller --batch or a smaller --preset"),
    ({"micro_batch": 0}, "choose --micro-batch 2, "),
    ({"micro_batch": 1}, "choose a smaller --preset"),
    ({"batch": 1, "micro_batch": 8}, "choose a smaller --preset"),
])
def test_what_cannot_fit_is_refused_before_anything_is_computed(monkeypatch, tmp_path, recipe, cure):
    monkeypatch.setattr(room, "memory_size", lambda device: 1000)
    monkeypatch.setattr(estimate, "seconds_per_step", None)
    with pytest.raises(UserError, match=rf"the cpu has 1e-06 GB: {cure}"):
        loop.train(run_config(tiny(**recipe)), RunFolder(tmp_path))
    assert not RunFolder(tmp_path).config.exists()


def test_a_measurement_that_does_not_fit_is_named_itself(tmp_path):
    with pytest.raises(UserError, match=r"GB: choose a smaller --measure-images$"):
        loop.train(run_config(measure_images=10**9), RunFolder(tmp_path))


def test_images_to_measure_take_memory_by_their_number_and_pixels(monkeypatch):
    monkeypatch.setattr(room, "peak_memory", lambda: 0)

    def each(preset):
        few, many = (room.peak(RunConfig(PRESETS[preset], measure_images=count), "cpu") for count in (100, 1_100))
        return (many - few) / 1_000

    assert each("faces-32") > 75_000                                      # the metric alone takes as much, of each set
    assert each("celeba-64") - each("faces-32") == 120 * (64**2 - 32**2)


def test_no_fewer_images_are_measured_than_have_their_neighbours_looked_for(monkeypatch):
    monkeypatch.setattr(room, "peak_memory", lambda: 0)
    one, ten, eleven = (room.peak(RunConfig(PRESETS["hit-1024"], measure_images=count), "cpu")
                        for count in (1, 10, 11))
    assert one == ten and eleven - ten > 120 * 1024**2


def test_a_time_lapse_takes_memory_by_its_frames(monkeypatch):
    monkeypatch.setattr(room, "peak_memory", lambda: 0)
    often, seldom = (room.peak(RunConfig(PRESETS["celeba-64"], sample_every=every), "cpu")
                     for every in (5_000, 20_000))                        # of 200,000 steps
    assert often - seldom == pictures.memory(64, 42) - pictures.memory(64, 12) > 0


def test_drawing_takes_memory_of_the_host_beside_the_smallest_run(monkeypatch):
    monkeypatch.setattr(room, "peak_memory", lambda: 0)
    monkeypatch.setattr(room, "device_memory", lambda device: 0)
    monkeypatch.setattr(room, "device_module", lambda device: object())
    monkeypatch.setattr(batches, "memory", lambda *_: 10**6)
    assert room.peak(run_config(), "gpu") < 10**8 < room.peak(run_config(), "cpu")


def test_smaller_micro_batches_are_a_cure():
    recipe = FACES.preset.recipe
    presets = [replace(FACES.preset, recipe=replace(recipe, batch=64, micro_batch=size)) for size in (32, 16, 8)]
    large, middle, small = (room.peak(replace(FACES, preset=preset), "cpu") for preset in presets)
    assert large > middle > small


@pytest.mark.parametrize("device, held", [("cpu", 7), ("gpu", 11)])
def test_steps_take_what_is_held_what_a_run_keeps_and_what_a_step_takes_besides(monkeypatch, device, held):
    monkeypatch.setattr(room, "peak_memory", lambda: 7)
    monkeypatch.setattr(room, "device_memory", lambda device: 11)
    monkeypatch.setattr(room, "device_module", lambda device: np if device == "cpu" else object())
    preset = FACES.preset
    taken = held + sum(cost.training_memory(preset).values()) + cost.step_memory(preset, room.plan(FACES, device))
    assert room.of_steps(FACES, device) == taken
    monkeypatch.setattr(room, "memory_size", lambda device: taken)
    assert room.fitting(FACES, device, looks=False) == (taken, taken)


def test_steps_alone_need_no_room_for_what_is_looked_at(monkeypatch):
    """One image of 1,024 pixels trains in less than a thousand of them take to be measured."""
    preset = PRESETS["hit-1024"]
    config = RunConfig(replace(preset, recipe=replace(preset.recipe, batch=1, micro_batch=0)), lanes=1)
    monkeypatch.setattr(room, "peak_memory", lambda: 0)
    monkeypatch.setattr(room, "memory_size", lambda device: 10**11)
    memory, limit = room.fitting(config, "cpu", looks=False)
    assert memory == room.of_steps(config, "cpu") < limit == 10**11 < room.peak(config, "cpu")
    with pytest.raises(UserError, match="the cpu has 100 GB: choose a smaller --measure-images"):
        room.fitting(config, "cpu")
    monkeypatch.setattr(room, "memory_size", lambda device: 10**9)
    with pytest.raises(UserError, match="the cpu has 1 GB: choose a smaller --preset"):
        room.fitting(config, "cpu", looks=False)


# memory, against what is really taken


@pytest.mark.parametrize("preset, batch", [
    (tiny(), 32), (tiny(consistency=1.0), 32), (shrunk("faces-32"), 32), (shrunk("celeba-64", batch=8), 32),
    *((counterpart(name, decoder), 8) for name in ("vae-32", "vqvae-32") for decoder in ("hit", "cnn")),
    (everything(PRESETS["vqvae-32"]), 8),
], ids=["tiny", "bCR", "faces-32", "celeba-64", "VAE", "VAE, CNN", "VQ-VAE", "VQ-VAE, CNN", "VQ-VAE, everything"])
def test_the_memory_of_a_step_is_what_numpy_allocates(preset, batch):
    """On one thread, with widths at which activations, not Python's own objects, decide."""
    preset = replace(preset, recipe=replace(preset.recipe, batch=batch, micro_batch=batch // 2))
    networks = state.create(0, preset).networks
    draws = objectives.of(preset).draw(np.random.default_rng(0), batch, preset, 1)
    real = np.zeros((batch, preset.size, preset.size, 3), np.float32)
    tracemalloc.start()
    step.gradients(networks, real, draws, preset)
    taken = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert taken / FACTOR < cost.step_memory(preset, step.plan(preset, batch, lanes=1)) < taken * FACTOR


RUN = """
import sys, tempfile
from dataclasses import replace
from pathlib import Path
from minihit.memory import peak_memory
from minihit.presets import PRESETS
from minihit.presets.autoencoder import counterpart
from minihit.training import loop
from minihit.training.run.config import RunConfig
from minihit.training.run.folder import RunFolder

preset = PRESETS[sys.argv[1]]
preset = replace(preset, recipe=replace(preset.recipe, batch=int(sys.argv[2]), micro_batch=int(sys.argv[3]), steps=3))
loop.train(RunConfig(preset, measure_images=int(sys.argv[4]), lanes=2), RunFolder(Path(sys.argv[5])))
print("peak", peak_memory())
"""


@pytest.mark.slow
@pytest.mark.parametrize("name, batch, micro_batch, images", [
    ("faces-32", 32, 16, 1_000), ("faces-32", 32, 0, 50), ("celeba-64", 8, 4, 50), ("celeba-64", 16, 8, 300),
    ("vae-32", 32, 16, 1_000), ("vqvae-32", 32, 16, 1_000), ("vqvae-64", 8, 4, 100),
])
def test_the_memory_of_a_run_is_what_the_system_counts(name, batch, micro_batch, images, tmp_path):
    """The largest resident size of a whole run in a process of its own."""
    environment = {**os.environ, "PYTHONPATH": str(Path(minihit.__file__).parents[1]), "OPENBLAS_NUM_THREADS": "1"}
    arguments = [name, str(batch), str(micro_batch), str(images), str(tmp_path)]
    done = subprocess.run([sys.executable, "-c", RUN, *arguments], env=environment, capture_output=True, text=True,
                          check=True)
    said = float(re.search(r"and ([\d.]+) GB of", done.stdout)[1]) * 1e9
    taken = int(re.search(r"peak (\d+)", done.stdout)[1])
    assert taken / FACTOR < said < taken * FACTOR, (said, taken)
