"""minihit bench: where a training step spends its time, what the ops' speed is worth, how costs grow, and a peer."""

import dataclasses
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import tyro

from minihit import parallel
from minihit.atomic import write_text
from minihit.bench import machine, ops, peer, phases, scale
from minihit.bench.peer import TASKS
from minihit.bench.table import aligned
from minihit.commands.info import find, size
from minihit.commands.options import (
    Decoder,
    Device,
    Generator,
    Plain,
    Switch,
    check_positive,
    chosen_device,
    parse,
    shown,
)
from minihit.errors import UserError
from minihit.show.attempt import attempt
from minihit.show.images import check_suffix
from minihit.training.parts import lanes_that_pay
from minihit.training.room import fitting
from minihit.training.run.config import RunConfig

LEGEND = """\
each: seconds over the whole batch; in a step: how often a step makes it, and what that comes to
GFLOP: two for each multiply-add of the definition; of a product: the share of the rate of a large matrix product
data is drawn or read by a thread beside the step; augmentation, losses, averages, sums are in the whole step alone"""
SHARES = "share: what the tuned op takes of the time of its definition, which says it as plainly as NumPy can"
MOST_STEPS = 10_000
RATIOS = "ratios: minihit's time by the other's, the median of rounds in which they took turns"


@dataclass(frozen=True)
class Bench:
    """Time a training step and its phases, beside the rate of a large matrix product; or one of three other things.

    Those who are compared take turns in every round; quoted are medians. A quiet machine gives better numbers.

    Examples:
      minihit bench
      minihit bench --preset celeba-64 --batch 16 --micro-batch 8 --r1 10 --consistency 10 --out bench.json
      minihit bench --ops
      minihit bench --scale --out scale.json
      minihit bench --peer examples/torch_peer.py --batch 16
    """

    preset: Annotated[str, tyro.conf.arg(metavar="PRESET|RUN")] = "celeba-64"  # networks and recipe
    decoder: Decoder = None
    generator: Generator = None
    batch: Annotated[int | None, shown("INT", "the preset's")] = None  # images per step
    micro_batch: Annotated[int | None, shown("INT", "the preset's")] = None  # images at a time on a thread; 0: all
    r1: Annotated[float | None, shown("FLOAT", "the preset's")] = None  # cost of the discriminator's gradient penalty
    consistency: Annotated[float | None, shown("FLOAT", "the preset's")] = None  # cost of its bCR
    steps: int = 5                           # rounds that are timed
    ops: Switch = False                      # each op instead, the tuned ones beside their definitions
    scale: Switch = False                    # costs over image and batch sizes, and of starting, instead
    peer: Annotated[Path | None, shown("FILE", "none")] = None  # contestants of that file, which is run, instead
    only: Annotated[tuple[Literal[TASKS], ...], shown("TASK", "all")] = ()  # images, logits, step: its tasks
    out: Annotated[Path | None, shown("FILE", "none")] = None  # JSON to write; --scale writes a plot beside it
    device: Device = "auto"                  # auto is the GPU where there is a working one
    tf32: Switch = False                     # products on the GPU with ten bits of mantissa: quicker, rounds more
    plain: Plain = False


def main(argv):
    options = parse(Bench, argv, "bench")
    _require_sense(options)
    preset, device = _configured(options), chosen_device(options)
    if not (options.ops or options.scale) and "step" in (options.only or TASKS):
        lanes = lanes_that_pay(preset.recipe.batch, preset.recipe.micro_batch, parallel.cores())
        fitting(RunConfig(preset, lanes=lanes), device, looks=False)
    kind, measure = next((kind, run) for kind, run in KINDS.items() if kind is None or getattr(options, kind))
    facts = machine.facts()
    print(f"{facts['processor']}, {facts['cores']} cores, {facts['blas']}, on the {device}")
    found, text = measure(options, preset, device)
    print(text)
    if options.out:
        settings = {"preset": options.preset, "device": device, "rounds": options.steps, "plain": options.plain,
                    "recipe": dataclasses.asdict(preset.recipe)}
        record = {"kind": kind or "step", "machine": facts, "settings": settings, **_plain(found)}
        write_text(options.out, json.dumps(record, indent=1, allow_nan=False) + "\n")
        if options.scale:
            attempt(scale.plot, options.out.with_suffix(".png"), found)
    return 0


def _step(options, preset, device):
    found = phases.measure(preset, options.steps, device)
    *parts, whole = found["rows"]
    head = ("", "each, s", "in a step", "s", "GFLOP", "GFLOP/s", "of a product")
    text = aligned(head, [(row.phase, f"{row.seconds:.4f}", str(row.times), f"{row.times * row.seconds:.4f}",
                           *_rate(row)) for row in found["rows"]])
    together = sum(row.times * row.seconds for row in parts)
    lines = [f"the phases together {together:.4f} s, the whole step {whole.seconds:.4f} s",
             f"a product of {machine.SIDE} x {machine.SIDE} matrices: {found['gemm']:.0f} GFLOP/s",
             *(f"{what}: {size(count)}" for what, count in found["memory"].items())]
    return found, "\n\n".join([text, "\n".join(lines), LEGEND])


def _rate(row):
    if row.gflop is None:
        return "", "", ""
    return f"{row.gflop:.1f}", f"{row.rate:.0f}", f"{row.share:.0%}"


def _ops(options, preset, device):
    rows = ops.measure(options.steps)
    head = ("op", "direction", "first input", "ms", "definition, ms", "share")
    text = aligned(head, [(row.op, row.direction, " x ".join(map(str, row.shapes[0])), f"{1e3 * row.seconds:.2f}",
                           *_beside(row)) for row in rows])
    return {"rows": rows}, f"{text}\n\n{SHARES}"


def _beside(row):
    return ("", "") if row.share is None else (f"{1e3 * row.definition_seconds:.2f}", f"{row.share:.3f}")


def _scale(options, preset, device):
    found = scale.measure(preset, options.steps, device)
    parts = [aligned((title, "side", "batch", "seconds an image", "microseconds a pixel", "peak memory"),
                     [(row.what, str(row.side), str(row.batch), f"{row.seconds_per_image:.4f}",
                       f"{1e6 * row.seconds_per_image / row.side**2:.3f}", size(row.peak)) for row in found[title]])
             for title in ("generator", "step")]
    starts = aligned(("start", "seconds"), [(what, f"{seconds:.2f}") for what, seconds in found["start"].items()])
    return found, "\n\n".join([*parts, starts])


def _peer(options, preset, device):
    found = peer.compare(options.peer, preset, options.steps, options.only or TASKS, device)
    names = list(found["memory"])
    head = ("", *(f"{name}, s" for name in names), *(f"/ {name}" for name in names[1:]))
    rows = [(row.task, *(f"{row.seconds[name]:.4f}" for name in names), *(f"{row.ratios[name]:.3f}"
                                                                            for name in names[1:]))
            for row in found["rows"]]
    memory = ("peak memory", *(size(found["memory"][name]) for name in names),
              *(f"{found['memory'][names[0]] / found['memory'][name]:.3f}" for name in names[1:]))
    return found, f"{aligned(head, [*rows, memory])}\n\nequal losses and gradients; {RATIOS}"


KINDS = {"ops": _ops, "scale": _scale, "peer": _peer, None: _step}


def _configured(options):
    """The preset with the recipe that the flags ask for. Raises UserError where it cannot be."""
    preset = find(options.preset, options.decoder, options.generator)
    flags = {name: getattr(options, name) for name in ("batch", "micro_batch", "r1", "consistency")}
    given = {name: value for name, value in flags.items() if value is not None}
    _require_meaning(options, preset)
    return dataclasses.replace(preset, recipe=dataclasses.replace(preset.recipe, **given))


def _require_meaning(options, preset):
    """Raise UserError for what is about networks or costs that a preset has not."""
    if options.peer and preset.kind != "gan":
        raise UserError(f"--peer compares a generator and a discriminator, and {options.preset} has an encoder and a "
                        f"decoder: give a preset such as celeba-64")
    settings = {field.name for field in dataclasses.fields(preset.recipe)} if "discriminator" in preset.networks else ()
    for name in ("r1", "consistency"):
        if getattr(options, name) is not None and name not in settings:
            raise UserError(f"--{name} is a cost that {options.preset} does not have: leave it out")


def _plain(found):
    """Dataclasses within a dict as dicts."""
    return json.loads(json.dumps(found, default=dataclasses.asdict))


def _require_sense(options):
    check_positive(MOST_STEPS, steps=options.steps)
    chosen = [f"--{kind}" for kind in KINDS if kind and getattr(options, kind)]
    if len(chosen) > 1:
        raise UserError(f"{' and '.join(chosen)} are different measurements: give one at a time")
    if options.ops and options.plain:
        raise UserError("--ops measures the ops both tuned and plain: leave --plain out")
    if options.only and not options.peer:
        raise UserError("--only chooses among the tasks of a comparison: give --peer FILE too, or leave it out")
    if options.out:
        check_suffix(options.out, ".json")
