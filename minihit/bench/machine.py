"""The machine that measures: what it is, and how fast it multiplies matrices, which bounds everything else."""

import contextlib
import platform
from pathlib import Path

import numpy as np
from threadpoolctl import ThreadpoolController

from minihit import __version__, parallel
from minihit.backend import device_module

SIDE = 2048                                                               # of the square matrices


def facts():
    """What a reader of the numbers must know."""
    blas = [pool for pool in ThreadpoolController().info() if pool["user_api"] == "blas"]
    return {
        "processor": _processor(),
        "cores": parallel.cores(),
        "blas": ", ".join(f"{pool['internal_api']} {pool['version']}" for pool in blas) or "unknown",
        "minihit": __version__,
        "numpy": np.__version__,
        "python": platform.python_version(),
    }


def product(device, side=SIDE):
    """A function that multiplies two float32 matrices of that side, on all cores; the flops are gemm_flops(side)."""
    xp = device_module(device)
    a, b = (xp.asarray(np.random.default_rng(seed).random((side, side), dtype=np.float32)) for seed in (0, 1))
    out, blas = xp.empty_like(a), ThreadpoolController()

    def run():
        with blas.limit(limits=parallel.cores(), user_api="blas"):
            xp.matmul(a, b, out=out)

    return run


def gemm_flops(side=SIDE):
    return 2 * side**3


def _processor():
    """The name of the CPU; Linux alone tells more than its family."""
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
