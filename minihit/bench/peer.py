"""The same step in another framework, out of a file that somebody wrote: the same numbers first, then the times.

The file, which is run as Python, defines

    CONTESTANTS          names, such as ("torch", "torch, tuned")
    check(case, tasks)   raises AssertionError where what those tasks compute, losses and gradients for a step, is not
                         what minihit does
    tasks(case, name)    {task: function without arguments} for TASKS, which return when all is computed
    peak(case)           the largest memory in use so far, in bytes

where case is a minihit.bench.case.Case. Every contestant lives in a process of its own: neither its allocator nor its
threads meet those of another, and its peak of memory is its own. They take turns, one works while the others wait.
"""

import importlib.util
import statistics
from contextlib import ExitStack
from dataclasses import dataclass, replace

import numpy as np

from minihit import gradcheck, tree
from minihit.bench import apart, case, memory
from minihit.bench.clock import alternate, ratio, stopwatch
from minihit.errors import UserError
from minihit.memory import keep_memory
from minihit.models import discriminator

OURS = "minihit"
TASKS = ("images", "logits", "step")                                      # G in evaluation, D forward, a whole step
CHECKED = 2                                                               # images at most that the check is made with
_HERE = {}                                                                # in a contestant's process: what it can do


@dataclass(frozen=True)
class Row:
    """One task: {contestant: median seconds} and {contestant: median of minihit's time by its time}."""

    task: str
    seconds: dict
    ratios: dict


def compare(path, preset, rounds, tasks=TASKS, device="cpu", check=True):
    """{"rows": Rows, "memory": {contestant: peak bytes}} of minihit beside the contestants of the file.

    check: False where its numbers have been compared before, by check_numbers. Raises UserError where the
    file cannot be used or computes something else.
    """
    names = check_numbers(path, preset, tasks) if check else load(path).CONTESTANTS
    with ExitStack() as stack:
        calls = {name: stack.enter_context(apart.process()) for name in (OURS, *names)}
        for name, call in calls.items():
            call(_prepare, path, name, preset, device)
        rows = [_row(task, calls, rounds) for task in tasks]
        return {"rows": rows, "memory": {name: call(_run, "peak") for name, call in calls.items()}}


def check_numbers(path, preset, tasks=TASKS):
    """The names of the contestants. Raises UserError where the file cannot be used or computes something else."""
    with apart.process() as call:
        return call(_check, path, preset, tasks)


def load(path):
    """The module in a file. Raises UserError where it cannot be run or lacks a name."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or not path.is_file():
        raise UserError(f"{path} is no Python file: give one such as examples/torch_peer.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    missing = [name for name in ("CONTESTANTS", "check", "tasks", "peak") if not hasattr(module, name)]
    if missing:
        raise UserError(f"{path} defines no {' and no '.join(missing)}: see minihit/bench/peer.py for what it needs")
    return module


def checked_case(preset, seed=0):
    """A Case in float64, a few images processed together, its parameters moved so that every term of a loss matters."""
    recipe = replace(preset.recipe, batch=min(CHECKED, preset.recipe.batch), micro_batch=0)
    here, rng = case.make(replace(preset, recipe=recipe), seed=seed), np.random.default_rng(seed)
    trees = gradcheck.perturb(here.training.trees, rng, scale=0.02)
    for kind in ("networks", "ema"):
        trees[kind]["generator"]["averages"] = tree.map(np.abs, trees[kind]["generator"]["averages"])
    return cast(replace(here, training=replace(here.training, trees=trees)), np.float64)


def cast(here, dtype):
    """A Case with all floating-point arrays that a step reads in a dtype."""
    trees, real, draws = tree.map(lambda x: x.astype(dtype) if x.dtype.kind == "f" else x,
                                  [here.training.trees, here.real, here.draws])
    return replace(here, training=replace(here.training, trees=trees), real=real, draws=draws)


def ours(here):
    """minihit's own tasks."""
    params, images = here.training.networks["discriminator"]["params"], [here.real[part] for part in here.parts]
    config = here.preset.discriminator
    logits = here.each(lambda images: discriminator.forward(params, images, config)[0], images)
    return {"images": case.inference_of(here), "logits": logits, "step": case.step_of(here)}


def _check(path, preset, tasks):
    """Runs in a process of its own. Returns the names of the contestants."""
    peer = load(path)
    try:
        peer.check(checked_case(preset), tasks)
    except AssertionError as error:
        raise UserError(f"{path} does not compute what minihit does, so there is nothing to time: {error}") from None
    return tuple(peer.CONTESTANTS)


def _prepare(path, name, preset, device):
    """In the process of one contestant."""
    here = case.make(preset, device)
    if name == OURS:
        keep_memory()                                                     # as training does
        tasks, peak = ours(here), lambda: memory.peak(here.xp)
    else:
        peer = load(path)
        tasks, peak = peer.tasks(here, name), lambda: peer.peak(here)
    _HERE.update({task: stopwatch(function, here.xp) for task, function in tasks.items()}, peak=peak)


def _run(what):
    return _HERE[what]()


def _row(task, calls, rounds):
    contestants = {name: lambda call=call: call(_run, task) for name, call in calls.items()}
    times = alternate(contestants, rounds)
    return Row(task, {name: statistics.median(seconds) for name, seconds in times.items()},
               {name: ratio(times, OURS, name) for name in times if name != OURS})
