"""Each op on its own: how long it takes and, where it has a tuned twin, what that is worth beside the definition."""

import statistics
from dataclasses import dataclass
from functools import partial

import numpy as np
from threadpoolctl import threadpool_limits

from minihit.bench.clock import alternate, ratio, stopwatch
from minihit.gradcheck.checks import draw
from minihit.gradcheck.precision import cast
from minihit.gradcheck.table import OPS
from minihit.ops.switch import has_twin, plain

LARGE = {name: check.large for name, check in OPS.items() if check.large}


@dataclass(frozen=True)
class Row:
    """One direction of an op; share is the median of tuned / definition over the rounds.

    An op without a twin is its definition, and has None in the last two.
    """

    op: str
    direction: str
    shapes: tuple
    seconds: float
    definition_seconds: float | None
    share: float | None


def measure(rounds, chosen=LARGE):
    """Rows for {name: Check}, float32 on the CPU with single-threaded products, as within a micro-batch."""
    with threadpool_limits(limits=1, user_api="blas"):
        return [row for name, check in chosen.items() for row in _rows(name, check, rounds)]


def _rows(name, check, rounds):
    _, inputs, options = cast(draw(check, np.random.default_rng(0)), np.float32)
    twin = has_twin(name.split(",")[0])
    runs = {on: _directions(check.layer, inputs, options, on) for on in ((False, True) if twin else (False,))}
    for direction in ("forward", "backward"):
        times = alternate({on: stopwatch(run[direction]) for on, run in runs.items()}, rounds)
        seconds, *definition = (statistics.median(times[on]) for on in times)
        yield Row(name, direction, check.shapes, seconds, *(definition or [None]),
                  ratio(times, False, True) if twin else None)


def _directions(op, inputs, options, on):
    """{direction: function without arguments}, plain where `on`; what backward finds in the cache is computed here."""
    with plain(on):
        y, cache = op.forward(*inputs, **options)
    return {"forward": partial(_run, on, op.forward, *inputs, **options),
            "backward": partial(_run, on, op.backward, y, cache)}


def _run(on, function, *args, **options):
    with plain(on):
        return function(*args, **options)
