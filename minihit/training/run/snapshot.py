"""What a run saves so that it can go on bit for bit: every array, and facts that say what they belong to."""

import functools
from pathlib import Path

from tqdm import tqdm

from minihit import __version__, tree
from minihit.atomic import remove_leftovers
from minihit.backend import to_device, to_host
from minihit.errors import UserError
from minihit.training import state
from minihit.training.run import checkpoint, log
from minihit.training.run.config import MAY_CHANGE, differences, from_facts, plain, words

START = {"step": 0}                                                       # the facts of a run that begins


def begin(config, device):
    """The State before step 1: by the seed, or the networks of another run, their moving average too, and a new Adam.

    Raises UserError where config.origin is no checkpoint of such networks, with the first array that does not fit.
    """
    training = state.create(config.seed, config.preset, device)
    if config.origin:
        networks = {name: part for name, part in training.trees.items() if name != "adam"}
        arrays, _ = checkpoint.load(Path(config.origin), networks)
        tree.map(tree.copy_into, networks, to_device(arrays, device))
    return training


def save(config, folder, data, training, number, window):
    """Write the checkpoint of a step and remove the oldest ones. All randomness follows from (seed, step, position).

    window: log.Window of the steps since the last record that was due.
    """
    facts = {"version": __version__, "step": number, "position": number * config.preset.recipe.batch,
             "seed": config.seed, "data": data.fingerprint, "config": plain(config), "window": window.facts()}
    checkpoint.save(checkpoint.path_of(folder.checkpoints, number), to_host(training.trees), facts)
    checkpoint.keep_newest(folder.checkpoints, config.keep)


def restore(config, folder, data, training, device):
    """Overwrite the state with the newest whole checkpoint's; returns its facts.

    Broken files after it are set aside and kept. Raises UserError where there is no whole checkpoint, where one cannot
    be read, and where it is of other settings or other images than this run goes on with, or already beyond its end.
    """
    require = functools.partial(_require_own, config, folder, data)
    arrays, facts = checkpoint.load_newest(folder.checkpoints, training.trees, tqdm.write, require)
    tree.map(tree.copy_into, training.trees, to_device(arrays, device))
    for path, aside in checkpoint.set_aside(folder.checkpoints, facts["step"]):
        tqdm.write(f"{path} is kept as {aside.name}, and the run goes on from step {facts['step']}")
    return facts


def _require_own(config, folder, data, path, facts):
    """Raise UserError where a checkpoint's facts are not those of the run that is to go on."""
    step, steps = facts["step"], config.preset.recipe.steps
    if step != checkpoint.step_of(path):
        raise UserError(f"{path} is the checkpoint of step {step}: give it that name back, or move it away")
    if facts.get("data", data.fingerprint) != data.fingerprint:
        raise UserError(f"the run in {folder.path} was trained on other images than the data set has now "
                        f"({data.description}): put the old ones back, say by --data where they are now, or start "
                        f"another run with --run")
    for name, here, there in differences(config, from_facts(facts, config, f"the config in {path}")):
        if name not in MAY_CHANGE:
            raise UserError(f"{path} was made with {name} {words(there)} and the run is to go on with {words(here)}: "
                            f"put the old value back into {folder.config}, or start another run with --run")
    if step > steps:
        raise UserError(f"the run in {folder.path} has made {step} steps already and is to end after {steps}: "
                        f"give more by --steps")


def clear(config, folder, facts):
    """Make way for what follows a checkpoint of those facts: half-written files of killed processes go, and all records
    of the log that an uninterrupted run would not have by now."""
    remove_leftovers(folder.path, folder.checkpoints, folder.samples)
    step = facts["step"]
    if "window" not in facts or step == config.preset.recipe.steps:
        return log.cut_back(folder.log, step)
    saved = from_facts(facts, config, folder.config)

    def was_due(record):
        return step % (saved.log_every if "seconds_per_step" in record else saved.measure_every) == 0

    return log.cut_back(folder.log, step, was_due)
