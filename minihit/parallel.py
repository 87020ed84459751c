"""Images on threads: NumPy lets go of the interpreter lock inside its loops, so plain threads suffice.

Each thread runs single-threaded products: whoever computes a part, its numbers are the same. The lanes of one group
run together, so that they can add over all of it, as batch normalisation does: each is handed its `total`.
"""

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial

import numpy as np
from threadpoolctl import ThreadpoolController

from minihit.sums import alone, pairwise


def run(function, parts, xp=np, alike=False):
    """[function(part) for part in parts]; on the CPU with one thread per core where there are several parts.

    alike: a part that is alone has single-threaded products too, and so the same bits as beside others.
    """
    if xp is not np or (len(parts) == 1 and not alike):
        return [function(part) for part in parts]
    with single_threaded_products():
        return list(_pool("parts", cores()).map(function, parts))


def groups(function, groups, at_once=1):
    """Yield [function(lane, total) for lane in group] for each group, in their order, so many of them at once.

    The lanes of a group have a thread each and run together: total(x) is the sum of x, a tree of numbers and arrays,
    over them all, the same bits for each.
    """
    widest = max(len(group) for group in groups)
    lanes = _pool("lanes", at_once * widest) if widest > 1 else None
    with single_threaded_products():
        yield from _pool("groups", at_once).map(partial(_together, function, lanes), groups)


def _together(function, pool, lanes):
    if len(lanes) == 1:
        return [function(lanes[0], alone)]
    team = _Team(len(lanes))
    results = [pool.submit(team.work, function, lane, rank) for rank, lane in enumerate(lanes)]
    errors = [error for result in results if (error := result.exception())]
    for error in sorted(errors, key=lambda error: isinstance(error, threading.BrokenBarrierError)):
        raise error
    return [result.result() for result in results]


def cores():
    """The number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def single_threaded_products():
    """A context in which NumPy's products use the thread that asks for them and no other."""
    return _controller().limit(limits=1, user_api="blas")


class _Team:
    """Threads that add numbers up. Two sets of places take turns: while one is read the other may be filled."""

    def __init__(self, size):
        self.barrier, self.places = threading.Barrier(size), ([None] * size, [None] * size)

    def work(self, function, lane, rank):
        try:
            return function(lane, _Total(self, rank))
        except BaseException:
            self.barrier.abort()                                          # the others would wait for ever
            raise


class _Total:
    """The sum over a team, as the member of that rank asks for it."""

    def __init__(self, team, rank):
        self.team, self.rank, self.turn = team, rank, 0

    def __call__(self, x):
        places, self.turn = self.team.places[self.turn], 1 - self.turn
        places[self.rank] = x
        self.team.barrier.wait()
        return pairwise(places)


@cache
def _pool(use, threads):
    return ThreadPoolExecutor(threads)


@cache
def _controller():
    return ThreadpoolController()
