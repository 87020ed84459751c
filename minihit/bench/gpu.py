"""A training step on one GPU: what the host and the device take for it, and how far it is from what the card can do."""

import statistics
import time
from dataclasses import dataclass

import numpy as np

from minihit import tree
from minihit.backend import device_module, synchronize
from minihit.bench import case, phases
from minihit.bench.clock import stopwatch
from minihit.bench.machine import gemm_flops, product
from minihit.memory import device_memory

SIDE = 8192                                                               # of square matrices whose product is timed
COPIED = 1 << 28                                                          # float32 values: 1 GiB is read, 1 GiB written


@dataclass(frozen=True)
class Card:
    """bandwidth: bytes a second that a copy reads and writes; flops: of a float32 product a second."""

    name: str
    memory: int
    bandwidth: float
    flops: float


@dataclass(frozen=True)
class Step:
    """kernels: also copies and fillings; queued: seconds in which the host asks for them one by one; eager: until all
    is done then; recorded: of a replay; flop: of its definition; memory: bytes that CuPy holds."""

    kernels: int
    queued: float
    eager: float
    recorded: float
    flop: float
    memory: int


def card(rounds=5):
    """The Card, measured."""
    xp = device_module("gpu")
    facts = xp.cuda.runtime.getDeviceProperties(xp.cuda.Device().id)
    source, target = xp.zeros(COPIED, np.float32), xp.empty(COPIED, np.float32)
    copying = _median(lambda: tree.copy_into(target, source), xp, rounds)
    multiplying = _median(product("gpu", SIDE), xp, rounds)
    return Card(facts["name"].decode(), facts["totalGlobalMem"], 2 * source.nbytes / copying,
                gemm_flops(SIDE) / multiplying)


def step(preset, rounds=5):
    """The Step of a preset, on images of noise."""
    here = case.make(preset, "gpu")
    xp, run = here.xp, case.step_of(here, record=False)
    run()                                                                 # kernels are compiled
    synchronize(xp)
    start = time.perf_counter()
    run()
    queued = time.perf_counter() - start
    eager = _median(run, xp, rounds)
    repeated = case.step_of(here)
    recorded = _median(repeated, xp, rounds)
    return Step(repeated.replay.nodes(), queued, eager, recorded, phases.flops(preset)[phases.STEP],
                device_memory("gpu"))


def _median(function, xp, rounds):
    """Seconds of one call, after one that is not counted."""
    run = stopwatch(function, xp)
    run()
    return statistics.median(run() for _ in range(rounds))
