"""Each op against its readable twin: what its speed is worth."""

import statistics
from dataclasses import dataclass

import numpy as np
from threadpoolctl import threadpool_limits

from minihit.bench import pairs
from minihit.bench.clock import alternate, ratio, stopwatch


@dataclass(frozen=True)
class Row:
    """One direction of an op and its twin; share is the median of op / twin over the rounds."""

    op: str
    direction: str
    shapes: tuple
    seconds: float
    twin_seconds: float
    share: float


def measure(rounds, chosen=pairs.PAIRS):
    """Rows for {name: Pair}, float32 on the CPU with single-threaded products, as within a micro-batch."""
    with threadpool_limits(limits=1, user_api="blas"):
        return [row for name, pair in chosen.items() for row in _rows(name, pair, rounds)]


def _rows(name, pair, rounds):
    inputs, options = pairs.example(pair, np.random.default_rng(0))
    for direction, (op, twin) in pairs.directions(pair, inputs, options).items():
        times = alternate({"op": stopwatch(op), "twin": stopwatch(twin)}, rounds)
        seconds, twin_seconds = (statistics.median(times[which]) for which in ("op", "twin"))
        yield Row(name, direction, pair.shapes, seconds, twin_seconds, ratio(times, "op", "twin"))
