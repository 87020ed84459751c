"""A training step by its phases: how long each takes, how often a step makes it, and at what share of the machine.

GFLOP are two for every multiply-add of the definition (minihit/cost.py), whatever trick saves some of them: a
convolution that runs with fewer multiplications shows a higher rate.
"""

import statistics
from dataclasses import dataclass
from functools import partial

from minihit import cost, optim, tree
from minihit.backend import keep_memory, to_device
from minihit.bench import apart, case, memory
from minihit.bench.clock import alternate, stopwatch
from minihit.bench.machine import gemm_flops, product
from minihit.data.dataset import BuiltInFaces
from minihit.models import discriminator, of
from minihit.show.images import to_float

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
    """({phase: function}, {which cache: bytes}): what a phase needs from the ones before it is computed here, once."""
    config, networks = here.preset, here.training.networks
    g, d, generator = networks["generator"]["params"], networks["discriminator"]["params"], of(config.generator)
    latents, images = ([x[part] for part in here.parts] for x in (here.draws["z"], here.real))
    g_forward = here.each(partial(_generator_forward, g, config.generator), latents, totals=True)
    d_forward = here.each(lambda x: discriminator.forward(d, x, config.discriminator), images)
    fakes, g_caches = zip(*g_forward(), strict=True)
    logits, d_caches = zip(*d_forward(), strict=True)
    of_logits = here.each(discriminator.logit_gradients, d_caches)
    gradients, deltas = zip(*of_logits(), strict=True)
    tangent = here.each(discriminator.tangent, gradients, d_caches)
    t_caches = [t_cache for _, t_cache in tangent()] if penalties(config.recipe) else [None] * len(d_caches)
    data = BuiltInFaces(config.size, seed=0)
    functions = {
        "G forward": g_forward,
        "G backward": here.each(generator.backward, fakes, g_caches),
        "D forward": d_forward,
        "D logit gradients": of_logits,
        "D tangent": tangent,
        "D weight products": here.each(discriminator.weight_gradient, deltas, d_caches, logits, t_caches),
        **_updates(here),
        "data": lambda: to_device(to_float(data.take(0, len(here.real))), here.device),
    }
    kept = {f"cache of a micro-batch in {name}": memory.held(caches[0], params)
            for name, caches, params in (("G", g_caches, g), ("D", d_caches, d))}
    return functions, kept


def _generator_forward(params, config, z, total):
    return of(config).forward(params, z, config, total=total)


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
    """{phase: how often a step makes it, over the whole batch}.

    Where minibatch stddev couples the images, one pass for the logits' gradients no longer serves every loss.
    """
    recipe, coupled = preset.recipe, preset.discriminator.minibatch_stddev
    losses = 2 + bool(recipe.wgan_gp)
    forwards = losses + 2 * bool(recipe.consistency)
    return {
        "G forward": 1, "G backward": 1, "D forward": forwards,
        "D logit gradients": forwards + coupled * (losses + 1),
        "D tangent": penalties(recipe),
        "D weight products": forwards + coupled * penalties(recipe),
        "optimiser": 1, "EMA": 1, "data": 0, STEP: 1,
    }


def penalties(recipe):
    """How many penalties there are on a gradient."""
    return bool(recipe.r1) + bool(recipe.wgan_gp)


def flops(preset):
    """{phase: floating-point operations of its products over the whole batch}; backward has two products for each."""
    g, d = (2 * preset.recipe.batch * cost.total(rows).multiply_adds for rows in
            (cost.generator_rows(preset.generator), cost.discriminator_rows(preset.discriminator)))
    once = {"G forward": g, "G backward": 2 * g, "D forward": d, "D logit gradients": d, "D tangent": d,
            "D weight products": d}
    counts = passes(preset)
    return {**once, STEP: sum(counts[name] * work for name, work in once.items())}


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
