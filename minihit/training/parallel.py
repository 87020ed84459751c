"""Micro-batches on threads: NumPy lets go of the interpreter lock inside its loops, so plain threads suffice.

Each thread runs single-threaded products: whoever computes a micro-batch, its numbers are the same.
"""

import os
from concurrent.futures import ThreadPoolExecutor
from functools import cache

import numpy as np
from threadpoolctl import ThreadpoolController


def run(function, parts, xp=np):
    """[function(part) for part in parts]; on the CPU with one thread per core where there are several parts."""
    if xp is not np or len(parts) == 1:
        return [function(part) for part in parts]
    with _controller().limit(limits=1, user_api="blas"):
        return list(_pool().map(function, parts))


def cores():
    """The number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@cache
def _pool():
    return ThreadPoolExecutor(cores())


@cache
def _controller():
    return ThreadpoolController()
