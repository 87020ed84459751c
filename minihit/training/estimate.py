"""Before step 1: how long will it take, and will it fit? Time from a short warm-up, memory from room.py's counts.

The warm-up runs on a state of its own that is thrown away, so no number of the run depends on it.
"""

import itertools
import math
import statistics
import time
from dataclasses import dataclass, replace

import numpy as np

from minihit import objectives
from minihit.backend import device_module, synchronize, to_device
from minihit.capture import Recorder
from minihit.errors import UserError
from minihit.training import advance, compiling, room, state, step
from minihit.training.room import gigabytes
from minihit.training.run.config import intervals

BUDGETS = {"minutes": 10 * 60, "hour": 60 * 60, "night": 8 * 60 * 60}     # seconds
LOOKING = 1.1                                                             # samples, measurements, checkpoints: a tenth
FEWEST_STEPS = 100                                                        # that a budget must allow
EMA_WINDOWS = 20                                                          # of a run, at least; faces-32 has as many
WARM_UP_IMAGES = 16                                                       # a lane
SLOW = 2.0                                                                # seconds, after which once is enough
PARTS = 2                                                                 # of a step: gradients, update
TIMED = 3                                                                 # steps of a GPU, after the one that compiles


@dataclass(frozen=True)
class Estimate:
    """seconds: of a step; memory, limit: bytes at the peak and those of the device, None where nobody knows."""

    seconds: float
    memory: int
    limit: int | None

    @property
    def room(self):
        """Bytes that are left."""
        return 0 if self.limit is None else self.limit - self.memory

    def sentence(self, steps, images=None):
        """For so many steps; images: an array that the device keeps besides."""
        memory = self.memory + (0 if images is None else images.nbytes)
        limit = f" of {gigabytes(self.limit)}" if self.limit else ""
        return (f"about {self.seconds:.2g} s a step, {duration(steps * self.seconds * LOOKING)} in all and "
                f"{gigabytes(memory)}{limit} of memory")


def before(config, device, graph="auto"):
    """The Estimate for a run whose data set is open; graph: as of advance.Steps. Raises UserError where it cannot fit.
    """
    memory, limit = room.fitting(config, device)
    return Estimate(seconds_per_step(config, device, graph), memory, limit)


def seconds_per_step(config, device, graph="auto"):
    """Of the micro-batches that run side by side, in the lanes of the run, scaled to the batch; and of the update.

    On a CPU a lane has WARM_UP_IMAGES at most; on a GPU both are recorded where the run's steps are.
    """
    plan, small = room.plan(config, device), warm_up(config, device)
    computing, updating = steady(one_step(small, device), device, advance.records(device, graph))
    turns = math.ceil(len(plan.groups) / plan.at_once)
    return computing * turns * plan.groups[0][-1].stop / small.preset.recipe.micro_batch + updating


def steady(parts, device, record=False):
    """Seconds of each part of a step as they are later in a run. parts: as of one_step; record: whether they are
    recorded where they can be.

    A GPU's first step compiles and is not counted, of some more the median is; on a CPU the second counts, or the first
    where it is slow.
    """
    xp = device_module(device)
    if device == "gpu":
        with compiling.announced(device):
            _timed(parts, xp)
        parts = _recorded(parts, xp) if record else parts
    times = [_timed(parts, xp)]
    while times[-1][0] <= SLOW and len(times) < (TIMED if device == "gpu" else 2):
        times.append(_timed(parts, xp))
    return times[-1] if device == "cpu" else tuple(map(statistics.median, zip(*times, strict=True)))


def one_step(config, device):
    """What makes a step as the run makes it, on a state of its own, each time it is called: a generator that stops
    after the gradients and after the update."""
    preset, rng = config.preset, np.random.default_rng(config.seed)
    count, side, training = preset.recipe.batch, preset.size, state.create(config.seed, preset, device)
    real, draws = to_device([rng.random((count, side, side, 3), dtype=np.float32),
                             objectives.of(preset).draw(rng, count, preset, 1)], device)

    def parts():
        grads, averages, _ = step.gradients(training.networks, real, draws, preset, config.lanes)
        yield
        state.apply(training, grads, averages, 1, preset)
        yield

    return parts


def _recorded(parts, xp):
    """Replays of the parts of a step, or they themselves where they cannot be recorded."""
    recorder, asked = Recorder(xp), parts()
    recorder.rehearse(lambda: list(parts()))
    try:
        replays = [recorder.record(lambda: next(asked))[0] for _ in range(PARTS)]
    except Exception:  # whatever CuPy and CUDA say; the run itself will tell it to its user
        return parts
    return lambda kept=asked: (replay() for replay in replays)            # with the arrays that the parts hand on


def warm_up(config, device):
    """The RunConfig of a step like the run's, on just the micro-batches that it computes side by side."""
    plan, preset = room.plan(config, device), config.preset
    first = plan.groups[0]
    images = first[0].stop - first[0].start if device == "gpu" else min(first[0].stop - first[0].start, WARM_UP_IMAGES)
    size = min(len(first) * images, first[-1].stop)
    recipe = replace(preset.recipe, batch=size * plan.at_once, micro_batch=size)
    return replace(config, preset=replace(preset, recipe=recipe))


def _timed(parts, xp):
    """Seconds of each part of a step, until the device has finished it."""
    synchronize(xp)
    marks = [time.perf_counter()]
    for _ in parts():
        synchronize(xp)
        marks.append(time.perf_counter())
    return tuple(after - before for before, after in itertools.pairwise(marks))


def within(config, seconds, budget):
    """The RunConfig with as many steps of so many seconds as fit into a budget, a name of BUDGETS.

    Intervals that follow the number of steps follow it again, and the moving average forgets the beginning.
    Raises UserError where there would be too few steps to learn anything.
    """
    recipe = config.preset.recipe
    steps = int(BUDGETS[budget] / (seconds * LOOKING))
    if steps < FEWEST_STEPS:
        raise UserError(f"{duration(BUDGETS[budget])} are enough for {steps} steps of {seconds:.2g} s, too few to "
                        f"learn anything: choose a longer --budget, a smaller --batch or a smaller --preset")
    ema_decay = min(recipe.ema_decay, 1.0 - EMA_WINDOWS / steps)
    before, after = intervals(recipe.steps), intervals(steps)
    follow = {name: after[name] for name, value in before.items() if getattr(config, name) == value}
    recipe = replace(recipe, steps=steps, ema_decay=ema_decay)
    return replace(config, preset=replace(config.preset, recipe=recipe), **follow)


def duration(seconds):
    for unit, name in ((86_400, "days"), (3_600, "hours"), (60, "minutes")):
        if seconds >= 2 * unit:
            return f"{seconds / unit:.1f} {name}".replace(".0 ", " ")
    return f"{seconds:.0f} seconds"
