"""The short loop around the training step: data, update, log, pictures, measurement, checkpoints."""

import dataclasses
import time

import numpy as np
from tqdm import tqdm

from minihit import __version__, tree
from minihit.backend import keep_memory, peak_memory, to_device, to_host
from minihit.data import prefetch
from minihit.data.dataset import BuiltInFaces, ImageFolder
from minihit.errors import UserError
from minihit.images import to_float
from minihit.training import checkpoint, guard, log, measure, pictures, state, step
from minihit.training.run import BUILT_IN, write_config

_STREAM = 0                                                               # of random numbers, one generator per step
INTERRUPTED = 130
_D_TERMS = ("real_loss", "fake_loss", "r1", "consistency", "wgan_gp")


def train(config, folder, device="cpu", resume=False):
    """Train to the end of the recipe; returns the exit code, 0, or 130 after Ctrl-C.

    config: RunConfig; folder: RunFolder. Raises UserError where the run exists and is not to be resumed, where data
    or disk fail, and where a value stops being finite.
    """
    if not resume and checkpoint.newest(folder.checkpoints):
        raise UserError(f"{folder.path} holds a run already: go on with --resume, or choose another folder by --run")
    keep_memory()
    data = open_data(config)
    training = state.create(config.seed, config.preset, device)
    done = _restore(training, folder, device) if resume else 0
    write_config(folder, config)
    log.cut_back(folder.log, done)
    tqdm.write(_introduction(config, folder, data, training, device))
    with guard.interruptible() as interrupted:
        done = _steps(config, folder, device, data, training, done, interrupted)
    if done < config.preset.recipe.steps:
        tqdm.write(f"stopped after step {done}, all saved: go on with minihit train --resume --run {folder.path}")
        return INTERRUPTED
    pictures.write_curves(folder)
    pictures.write_timelapse(folder)
    tqdm.write(f"done: see samples, curves.png and timelapse.gif in {folder.path}")
    return 0


def open_data(config):
    """The data set that config.data names. Raises UserError where it cannot be read."""
    size = config.preset.generator.size
    if config.data == BUILT_IN:
        return BuiltInFaces(size, config.seed)
    with tqdm(desc=f"reading {config.data}", unit="image", disable=None, leave=False) as bar:

        def show(done, total):
            bar.total = total
            bar.update(done - bar.n)

        return ImageFolder.open(config.data, size, config.seed, config.flip, show)


def _steps(config, folder, device, data, training, done, interrupted):
    """Run the steps after `done`; returns the last one that was made."""
    recipe, window = config.preset.recipe, log.Window()
    held_out = data.held_out(config.measure_images)
    real_distance = measure.real_distance(data, config.seed, held_out)

    def look(number, last=False):
        _look(config, folder, device, training, number, held_out, real_distance, last)

    if not done:
        look(0)
    batches = prefetch.batches(data, done * recipe.batch, recipe.batch)
    with batches as upcoming, tqdm(total=recipe.steps, initial=done, unit="step", disable=None) as bar:
        while done < recipe.steps and not interrupted:
            started, done = time.perf_counter(), done + 1
            real = to_device(to_float(next(upcoming)), device)
            waited = time.perf_counter() - started
            metrics, grads = _one_step(training, real, config, device, done)
            last = done == recipe.steps or bool(interrupted)
            logs, saves = (last or done % every == 0 for every in (config.log_every, config.save_every))
            if device == "cpu" or logs or saves:
                guard.check_finite(metrics, grads, done, folder)
            window.add({**metrics, "seconds_per_step": time.perf_counter() - started, "data_seconds": waited})
            if logs:
                _log(folder, window, done, recipe.batch)
            look(done, last)
            if saves:
                save(config, folder, training, done)
            bar.update()
    return done


def _one_step(training, real, config, device, number):
    """Update the state in place by step `number` (from 1); returns metrics and gradients."""
    recipe = config.preset.recipe
    rng = np.random.default_rng([config.seed, _STREAM, number])
    draws = to_device(step.draw(rng, recipe.batch, config.preset, recipe), device)
    grads, averages, metrics = step.gradients(training.networks, real, draws, config.preset, recipe)
    norms = state.apply(training, grads, averages, number, recipe)
    return {**metrics, **{f"{name}_norm": norm for name, norm in norms.items()}}, grads


def _look(config, folder, device, training, number, held_out, real_distance, last):
    """Sample grids and the measured distance, beside that of real images, where they are due."""
    networks = config.preset.generator
    if last or number % config.sample_every == 0:
        pictures.write_samples(folder, training.trees, networks, device, config.seed, number)
    if last or number % config.measure_every == 0:
        distance = measure.distance(training.trees["ema"], networks, device, config.seed, held_out)
        log.append(folder.log, {"step": number, **distance, **real_distance})
        tqdm.write(f"step {number}: sliced Wasserstein distance {distance['swd']:.1f}, "
                   f"of real images {real_distance['swd_real']:.1f}")


def _log(folder, window, number, batch):
    record = window.means()
    record["discriminator_loss"] = sum(record.get(name, 0.0) for name in _D_TERMS)
    rate = batch / record["seconds_per_step"]
    log.append(folder.log, {"step": number, **record, "images_per_second": rate, "peak_memory": peak_memory()})


def save(config, folder, training, number):
    """Write the checkpoint of a step and remove the oldest ones. All randomness follows from (seed, step, position)."""
    facts = {"version": __version__, "step": number, "position": number * config.preset.recipe.batch,
             "seed": config.seed, "config": dataclasses.asdict(config)}
    checkpoint.save(checkpoint.path_of(folder.checkpoints, number), to_host(training.trees), facts)
    checkpoint.keep_newest(folder.checkpoints, config.keep)


def _restore(training, folder, device):
    """Overwrite the state with the newest whole checkpoint's; returns its step."""
    arrays, facts = checkpoint.load_newest(folder.checkpoints, training.trees, report=tqdm.write)
    tree.map(tree.copy_into, training.trees, to_device(arrays, device))
    return facts["step"]


def _introduction(config, folder, data, training, device):
    sizes = {name: tree.size(training.networks[name]) / 1e6 for name in ("generator", "discriminator")}
    return (f"{data.description}; {sizes['generator']:.2f} M parameters in the generator, "
            f"{sizes['discriminator']:.2f} M in the discriminator, on the {device}; everything goes to {folder.path}")
