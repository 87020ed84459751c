"""Images on threads: NumPy lets go of the interpreter lock inside its loops, so plain threads suffice.

Each thread runs single-threaded products: whoever computes a part, its numbers are the same. Parts of one batch that
need a sum over all of it, as batch normalisation does, run together and meet in `total`.
"""

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import cache

import numpy as np
from threadpoolctl import ThreadpoolController

from minihit import tree

_here = threading.local()


def run(function, parts, xp=np, alike=False):
    """[function(part) for part in parts]; on the CPU with one thread per core where there are several parts.

    alike: a part that is alone has single-threaded products too, and so the same bits as beside others.
    """
    if xp is not np or (len(parts) == 1 and not alike):
        return [function(part) for part in parts]
    with _controller().limit(limits=1, user_api="blas"):
        return list(_pool(cores()).map(function, parts))


def together(function, parts):
    """[function(part) for part in parts] with a thread each, all at once, so that `total` can add over the parts."""
    if len(parts) == 1:
        return run(function, parts, alike=True)
    team = _Team(len(parts))
    with _controller().limit(limits=1, user_api="blas"):
        results = [_pool(len(parts)).submit(team.work, function, part, i) for i, part in enumerate(parts)]
        errors = [error for result in results if (error := result.exception())]
    for error in sorted(errors, key=lambda error: isinstance(error, threading.BrokenBarrierError)):
        raise error
    return [result.result() for result in results]


def total(x):
    """The sum of x, a tree of numbers and arrays, over the parts that run together with this one: the same bits for
    each; x where it runs alone."""
    team = getattr(_here, "team", None)
    return x if team is None else team.total(x)


def cores():
    """The number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class _Team:
    """Threads that add numbers up. Two sets of places take turns: while one is read the other may be filled."""

    def __init__(self, size):
        self.barrier, self.places = threading.Barrier(size), ([None] * size, [None] * size)

    def work(self, function, part, rank):
        _here.team, _here.rank, _here.turn = self, rank, 0
        try:
            return function(part)
        except BaseException:
            self.barrier.abort()                                          # the others would wait for ever
            raise
        finally:
            _here.team = None

    def total(self, x):
        places, _here.turn = self.places[_here.turn], 1 - _here.turn
        places[_here.rank] = x
        self.barrier.wait()
        return tree.add(*places)


@cache
def _pool(threads):
    return ThreadPoolExecutor(threads)


@cache
def _controller():
    return ThreadpoolController()
