"""minihit trace: one training step, call by call."""

from dataclasses import dataclass, replace
from typing import Annotated

import numpy as np
import tyro

from minihit import objectives, optim, tracing, tree
from minihit.bench.table import columns
from minihit.commands.info import find
from minihit.commands.options import Decoder, Generator, check_positive, parse
from minihit.data.dataset import BuiltInFaces
from minihit.errors import UserError, require_seed
from minihit.memory import memory_size
from minihit.ops.switch import plain
from minihit.presets import PRESETS
from minihit.show.images import to_float
from minihit.training import room, state
from minihit.training.room import gigabytes
from minihit.training.run.config import RunConfig

LEGEND = """\
mean, spread: of the values that a call returned, and after backward and ..._gradient of the gradient; spread is the
standard deviation. Before a colon: the parameters that a call works with. A call stands above those that it makes."""
HEAD = ("call", "in", "out", "mean", "spread")
INDENT = "  "
VAGUE = ("network", "algebra")                                            # files that say less than their folder
NETWORKS = tuple(dict.fromkeys(name for preset in PRESETS.values() for name in preset.networks))


@dataclass(frozen=True)
class Trace:
    """Make the first training step on drawn faces, in float32 on the CPU, from first values, and show every call of a
    network, a layer, an op and a loss on the way up and on the way back: what goes in, what comes out, how large it is.

    Each op runs as its definition in minihit/ops says it. To see where a gradient fades or grows, read the spreads of
    the lines with backward from the top down.

    Examples:
      minihit trace
      minihit trace --only generator --depth 5
      minihit trace vqvae-32 --batch 2
    """

    preset: Annotated[str, tyro.conf.Positional, tyro.conf.arg(
        metavar="[PRESET|RUN]", help=f"one of {', '.join(PRESETS)}, or a run for its networks and recipe")] = "faces-32"
    batch: int = 4                           # images in the step
    depth: int = 3                           # levels of calls inside of calls that are shown
    only: Annotated[str | None, tyro.conf.arg(metavar=f"{{{','.join(NETWORKS)}}}",
                                              help_behavior_hint="(default: all, and the losses)")] = None
    """calls of one network"""
    seed: int = 0                            # of first values, faces and all else that is drawn
    decoder: Decoder = None
    generator: Generator = None


def main(argv):
    options = parse(Trace, argv, "trace")
    check_positive(batch=options.batch, depth=options.depth)
    preset = find(options.preset, options.decoder, options.generator)
    if options.only not in (None, *preset.networks):
        raise UserError(f"--only {options.only}: {options.preset} has no such network, choose one of "
                        f"{', '.join(preset.networks)}")
    require_seed("--seed", options.seed)
    _require_room(preset, options.batch)
    calls, grads = step(preset, options.batch, options.seed)
    mine = [call for call in calls if options.only in (None, network(call))]
    deepest = max(map(levels, mine), default=0)
    faces = f"{options.batch} drawn {'face' if options.batch == 1 else 'faces'}"
    print(f"{options.preset}: the first step from first values, {faces}, float32, seed {options.seed}", LEGEND,
          f"Calls are shown {min(options.depth, deepest)} deep; --depth {deepest} shows all.", "",
          *columns([HEAD, *lines(mine, options.depth)], words=3), "", *_norms(grads, options.only), sep="\n")
    return 0


def _norms(grads, only):
    """Yield a line about each network's gradient."""
    for name, grad in grads.items():
        if only in (None, name) and tree.size(grad):
            norm = float(optim.norm(tree.pack(grad, np)[0]))
            yield f"{name}: the gradient of its {tree.size(grad):,} parameters has the norm {number(norm)}"


def _require_room(preset, batch):
    """Raise UserError for a step that does not fit into memory."""
    recipe = replace(preset.recipe, batch=batch, micro_batch=0)
    needed, limit = room.of_steps(RunConfig(replace(preset, recipe=recipe), lanes=1), "cpu"), memory_size("cpu")
    if limit and needed > limit:
        raise UserError(f"a step of {batch:,} images takes about {gigabytes(needed)} of memory and this machine has "
                        f"{gigabytes(limit)}: choose a smaller --batch or preset")


def step(preset, batch, seed):
    """([Call], {network: gradients}) of the gradients of one step."""
    networks, objective = state.create(seed, preset).networks, objectives.of(preset)
    images = to_float(BuiltInFaces(preset.size, seed).take(0, batch))
    draws = objective.draw(np.random.default_rng(seed), batch, preset, 1)
    with plain(), tracing.traced(networks) as calls:
        grads, _, _ = objective.gradients(networks, images, draws, preset)
    return calls, grads


def network(call):
    """The name of the network whose parameters a call works with."""
    return call.path.partition("/")[0]


def levels(call):
    """How many calls deep it goes, itself included."""
    return 1 + max(map(levels, call.calls), default=0)


def lines(calls, depth, level=0, above=""):
    """Yield a row of HEAD for every array that a call returned, down to that many levels, and an empty one before each
    outermost call."""
    for call in calls if level < depth else ():
        first, *others = call.found or [None]
        yield from () if level else [("",) * len(HEAD)]
        yield (INDENT * level + label(call, above), ", ".join(map(shape, call.given)), *values(first))
        yield from (("", "", *values(found)) for found in others)
        yield from lines(call.calls, depth, level + 1, call.path or above)


def label(call, above):
    """Its name, behind that of the parameters, as seen from those of the call above."""
    *_, folder, file = call.module.split(".")
    owner = {"ops": f"ops.{file}"}.get(folder, folder if file in VAGUE else file)
    where = call.path.removeprefix(above).strip("/")
    return f"{where}: {owner}.{call.function}" if where not in ("", owner) else f"{owner}.{call.function}"


def values(found):
    if found is None:
        return "", "", ""
    return f"{found.name} {shape(found.shape)}".strip(), number(found.mean), number(found.spread)


def shape(axes):
    return "x".join(map(str, axes)) or "scalar"


def number(value):
    """Three digits."""
    return f"{value:.3g}"
