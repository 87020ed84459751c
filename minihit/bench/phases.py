"""A training step by its phases: how long each takes, how often a step makes it, and at what share of the machine.

GFLOP are two for every multiply-add of the definition (minihit/cost.py), whatever trick saves some of them: a
convolution that runs with fewer multiplications shows a higher rate.
"""

import statistics
from dataclasses import dataclass

from minihit import optim, tree
from minihit.backend import to_device
from minihit.bench import apart, case, memory, phases_of_autoencoder, phases_of_gan
from minihit.bench.clock import alternate, stopwatch
from minihit.bench.machine import gemm_flops, product
from minihit.data.dataset import BuiltInFaces
from minihit.memory import keep_memory
from minihit.show.images import to_float

KINDS = {"gan": phases_of_gan, "vae": phases_of_autoencoder, "vqvae": phases_of_autoencoder}
STEP, GEMM = "whole step", "matrix product"


@dataclass(frozen=True)
class Row:
    """One phase, over the whole batch."""

    phase: str
    times: int                               # that a step makes it; 0: beside the step
    seconds: float                           # once
    gflop: float | None                      # once; None where there are no products to count
    rate: float | None                       # GFLOP per second
    share: float | None                      # of the rate of a large matrix product in the same rounds


def measure(preset, rounds, device="cpu"):
    """{"rows": Rows, the whole step last; "gemm": GFLOP/s of a large product; "memory": {what: bytes}}."""
    peak = peak_of_steps(preset, device)
    keep_memory()                                                         # as training does
    here = case.make(preset, device)
    functions, memory_of_caches = phases(here)
    functions |= {STEP: case.step_of(here), GEMM: product(device)}
    times = alternate({name: stopwatch(function, here.xp) for name, function in functions.items()}, rounds)
    gemm = gemm_flops() / min(times.pop(GEMM)) / 1e9
    counts, work = passes(preset), flops(preset)
    rows = [_row(name, counts[name], statistics.median(seconds), work.get(name), gemm)
            for name, seconds in times.items()]
    return {"rows": rows, "gemm": gemm, "memory": {"peak of a process that makes steps": peak, **memory_of_caches}}


def phases(here):
    """({phase: function}, {which cache: bytes}) of a Case."""
    functions, kept = KINDS[here.preset.kind].phases(here)
    data = BuiltInFaces(here.preset.size, seed=0)
    functions |= {**_updates(here), "data": lambda: to_device(to_float(data.take(0, len(here.real))), here.device)}
    return functions, {f"cache of a micro-batch in {name}": held for name, held in kept.items()}


def _updates(here):
    training, xp = here.training, here.xp
    flat = {name: xp.full_like(moments["first"], 1e-3) for name, moments in training.moments.items()}

    def optimiser():
        for name, grads in flat.items():
            params = training.networks[name]["params"]
            grads = tree.gather(tree.views(grads, params), params, xp.empty_like(grads))
            optim.adam(training.buffers[name][:grads.size], grads, training.moments[name], 1, 0.0)

    def ema():
        for name, average in training.averaged.items():
            optim.ema(average, training.buffers[name], optim.EMA_START + 1)

    return {"optimiser": optimiser, "EMA": ema}


def passes(preset):
    """{phase: how often a step makes it, over the whole batch}."""
    return {**KINDS[preset.kind].passes(preset), "optimiser": 1, "EMA": 1, "data": 0, STEP: 1}


def flops(preset):
    """{phase: floating-point operations of its products over the whole batch}; the step's are those of its phases."""
    each = {name: 2 * preset.recipe.batch * products
            for name, products in KINDS[preset.kind].multiply_adds(preset).items()}
    counts = passes(preset)
    return {**each, STEP: sum(counts[name] * work for name, work in each.items())}


def peak_of_steps(preset, device, steps=2):
    """The peak memory, in bytes, of a process that does nothing but steps."""
    with apart.process() as call:
        return call(_peak_of_steps, preset, device, steps)


def _peak_of_steps(preset, device, steps):
    keep_memory()
    here = case.make(preset, device)
    run = case.step_of(here)
    for _ in range(steps):
        run()
    return memory.peak(here.xp)


def _row(phase, times, seconds, work, gemm):
    if work is None:
        return Row(phase, times, seconds, None, None, None)
    rate = work / seconds / 1e9
    return Row(phase, times, seconds, work / 1e9, rate, rate / gemm)
