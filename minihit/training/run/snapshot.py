"""What a run saves so that it can go on bit for bit: every array, and facts that say what they belong to."""

import dataclasses

from tqdm import tqdm

from minihit import __version__, tree
from minihit.atomic import remove_leftovers
from minihit.backend import to_device, to_host
from minihit.errors import UserError
from minihit.training.run import checkpoint, log
from minihit.training.run.config import MAY_CHANGE, differences, from_facts, words


def save(config, folder, data, training, number):
    """Write the checkpoint of a step and remove the oldest ones. All randomness follows from (seed, step, position)."""
    facts = {"version": __version__, "step": number, "position": number * config.preset.recipe.batch,
             "seed": config.seed, "data": data.fingerprint, "config": dataclasses.asdict(config)}
    checkpoint.save(checkpoint.path_of(folder.checkpoints, number), to_host(training.trees), facts)
    checkpoint.keep_newest(folder.checkpoints, config.keep)


def restore(config, folder, data, training, device):
    """Overwrite the state with the newest whole checkpoint's; returns its step.

    What came after it, in the log or in broken files, is removed. Raises UserError where there is no whole checkpoint,
    where it was made by other settings than config's, and where the data set holds other images than it did.
    """
    arrays, facts = checkpoint.load_newest(folder.checkpoints, training.trees, report=tqdm.write)
    _require_same(config, facts, folder)
    if facts.get("data", data.fingerprint) != data.fingerprint:
        raise UserError(f"the run in {folder.path} was trained on other images than the data set has now "
                        f"({data.description}): put the old ones back, or start another run with --run")
    tree.map(tree.copy_into, training.trees, to_device(arrays, device))
    checkpoint.cut_back(folder.checkpoints, facts["step"])
    return facts["step"]


def _require_same(config, facts, folder):
    path = checkpoint.path_of(folder.checkpoints, facts["step"])
    for name, here, there in differences(config, from_facts(facts, config, f"the config in {path}")):
        if name not in MAY_CHANGE:
            raise UserError(f"{path} was made with {name} {words(there)} and the run is to go on with {words(here)}: "
                            f"put the old value back into {folder.config}, or start another run with --run")


def clear(folder, done):
    """Make way for what follows step `done`: half-written files of killed processes and later records go."""
    remove_leftovers(folder.path, folder.checkpoints, folder.samples)
    log.cut_back(folder.log, done)
