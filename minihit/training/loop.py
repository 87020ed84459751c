"""The short loop around the training step: data, update, log, checkpoints. What is seen of it is in watch.py."""

import time
from pathlib import Path

from tqdm import tqdm

from minihit import objectives, signals, tree
from minihit.data import prefetch
from minihit.data.dataset import BUILT_IN
from minihit.data.open import open_data
from minihit.errors import UserError
from minihit.locks import exclusive
from minihit.memory import keep_memory
from minihit.show.attempt import attempt
from minihit.streams import lasting
from minihit.training import estimate, guard, measure_features, measures, pictures, room, state, watch
from minihit.training.advance import Steps
from minihit.training.run import checkpoint, claim, log, snapshot
from minihit.training.run.config import write_config

INTERRUPTED = signals.INTERRUPTED
UNSAVED = 10 * 60                                                         # seconds, after which a step is saved anyway


def train(config, folder, device="cpu", resume=False, budget=None, data_on_device="auto", graph="auto"):
    """Train to the end of the recipe; returns the exit code, 0, 130 after Ctrl-C, or 143 after SIGTERM and SIGHUP.

    config: RunConfig; folder: RunFolder; budget: a name of estimate.BUDGETS that chooses the number of steps;
    data_on_device: "auto", "yes" or "no", whether a GPU keeps all images; graph: "auto" or "off", whether a
    GPU may record steps.
    Raises UserError where the run exists and is not to be resumed, where the folder holds anything else, where another
    process trains in it, where it cannot fit, where data or disk fail, and where a value stops being finite.
    """
    if not resume:
        claim.require_free(folder)
    with lasting(), exclusive(folder.lock, f"the run in {folder.path}"):
        if not resume and checkpoint.newest(folder.checkpoints):
            raise UserError(f"{folder.path} holds a run already: go on with --resume, or choose another folder by "
                            f"--run")
        keep_memory()
        looks = measure_features.open_looks(config, device)
        data = _open(config, folder, device, resume)
        config = config.settled(data)
        forecast = estimate.before(config, device, graph)
        config = estimate.within(config, forecast.seconds, budget) if budget else config
        images = prefetch.resident(data, device, data_on_device, forecast.room)
        training = state.create(config.seed, config.preset, device) if resume else snapshot.begin(config, device)
        facts = snapshot.restore(config, folder, data, training, device) if resume else snapshot.START
        write_config(folder, config)
        snapshot.clear(config, folder, facts)
        tqdm.write(_introduction(config, folder, data, training, device))
        tqdm.write(forecast.sentence(config.preset.recipe.steps - facts["step"], images))
        with guard.interruptible() as asked:
            run = watch.Watch(config, folder, device, data, images, looks=looks)
            done = _steps(run, training, Steps(training, config, device, graph), facts, asked)
        return _finish(config, folder, done, asked)


def _open(config, folder, device, resume):
    """The data set, with a bar while a folder is read."""
    if resume and config.data != BUILT_IN and not Path(config.data).expanduser().exists():
        raise UserError(f"the images of the run in {folder.path} are no longer at {config.data}: say by --data where "
                        f"they are now")
    needed = room.peak(config, device) if device == "cpu" else 0
    with tqdm(desc=f"reading {config.data}", unit="image", disable=None, leave=False) as bar:

        def show(done, total):
            bar.total = total
            bar.update(done - bar.n)

        return open_data(config.data, config.preset.size, config.seed, config.flip, show, needed)


def _steps(run, training, steps, facts, asked):
    """Run the steps after the checkpoint of those facts, or as far as the first one after which `asked` is true;
    returns the last one that was made."""
    config, device, recipe = run.config, run.device, run.config.preset.recipe
    done, window, saved = facts["step"], log.Window(**facts.get("window", {})), time.monotonic()
    batches = prefetch.batches(run.data, done * recipe.batch, recipe.batch, device, run.images)
    with batches as upcoming, tqdm(total=recipe.steps, initial=done, unit="step", disable=None) as bar:
        last = done >= recipe.steps
        while not last:
            started, done = time.perf_counter(), done + 1
            images = next(upcoming)
            waited = time.perf_counter() - started
            metrics, grads = steps(images, done)
            last = done == recipe.steps or bool(asked)
            logs, saves = (last or done % every == 0 for every in (config.log_every, config.save_every))
            saves = saves or time.monotonic() - saved > UNSAVED
            if device == "cpu" or logs or saves:
                guard.check_finite(metrics, grads, done, run.folder)
            window.add({**metrics, "seconds_per_step": time.perf_counter() - started, "data_seconds": waited})
            if done == 1:                                                 # of the start, for which no step has to wait
                run.look(snapshot.begin(config, device), 0)
            if logs:
                run.log(window, done)
            if done % config.log_every == 0:                              # not where it only stops
                window = log.Window()
            run.look(training, done, done == recipe.steps)                # who asks to stop is not kept waiting
            if saves:
                snapshot.save(config, run.folder, run.data, training, done, window)
                saved = time.monotonic()
            bar.update()
    return done


def _finish(config, folder, done, asked):
    """Returns the exit code."""
    if done < config.preset.recipe.steps:
        tqdm.write(f"stopped after step {done}, all saved: go on with minihit train --resume --run {folder.path}")
        return signals.exit_code(asked[0])
    panels = [*objectives.of(config.preset).PANELS]
    panels += [panel for kind in measures.of(config) for panel in kind.panels]
    attempt(pictures.write_curves, folder, panels)
    attempt(pictures.write_timelapse, folder)
    tqdm.write(f"done: see samples, curves.png and timelapse.gif in {folder.path}")
    return 0


def _introduction(config, folder, data, training, device):
    sizes = [f"{tree.size(network['params']) / 1e6:.2f} M parameters in the {name}"
             for name, network in training.networks.items() if network["params"]]  # codes that are averages have none
    augment = " ".join(config.preset.recipe.augment)
    parts = [
        data.description,
        *[f"DiffAugment ({augment})"] * bool(augment),
        *[f"begun with all weights of {config.origin}, the moving average too, and a new Adam"] * bool(config.origin),
        f"{', '.join(sizes)}, on the {device}" + (f", lanes: {config.lanes}" if device == "cpu" else ""),
        f"everything goes to {folder.path}",
    ]
    return "; ".join(parts)
