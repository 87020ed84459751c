"""How much memory there is, on the CPU and on a GPU, how much of it is taken, and what may be."""

import contextlib
import ctypes
import os
import re
import sys
from pathlib import Path

from minihit import capture
from minihit.backend import device_module

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8           # of mallopt(3)
_EVALUATION = 4                                                           # the share of a GPU's memory: a fourth
_CGROUP_LIMIT = Path("/sys/fs/cgroup/memory.max")                         # of a container; "max" where there is none
_OWN_CGROUPS = Path("/proc/self/cgroup")                                  # where this process is among all groups


def keep_memory():
    """Ask glibc to keep freed memory for the next array, for this process; elsewhere nothing happens.

    A page fresh from the system is cleared first, which costs more than the arithmetic on it: a step of faces-32 on two
    cores takes 0.18 s with memory kept and 0.22 s without. Threads share one heap: each with its own would keep what
    the others could use.
    """
    with contextlib.suppress(OSError, AttributeError, TypeError):
        libc = ctypes.CDLL(None)
        libc.mallopt(_M_MMAP_THRESHOLD, 1 << 30)
        libc.mallopt(_M_TRIM_THRESHOLD, (1 << 31) - 1)
        libc.mallopt(_M_ARENA_MAX, 1)


def memory_size(device):
    """The bytes of memory that this process may have, of a GPU what others leave free; None where nobody knows."""
    if device == "gpu":
        return device_module(device).cuda.runtime.memGetInfo()[0] + device_memory(device)
    try:
        installed = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):  # not on Windows
        return None
    return min([installed, *_cgroup_limits()])


def evaluation_room(xp):
    """The bytes of a GPU that networks in evaluation may take at a time: a share of all it has, whatever is free.

    So batches and strips, and with them the last bits of images, are the same beside a training run as alone.
    """
    return xp.cuda.runtime.memGetInfo()[1] // _EVALUATION


def _cgroup_limits():
    """The limits in bytes of the control groups of either version that this process is in, and of those above them."""
    for file in _cgroup_files():
        with contextlib.suppress(OSError, ValueError):
            yield int(file.read_text())


def _cgroup_files():
    """Each may be missing. https://docs.kernel.org/admin-guide/cgroup-v2.html and cgroup-v1/memory.html"""
    yield _CGROUP_LIMIT
    lines = _OWN_CGROUPS.read_text().splitlines() if _OWN_CGROUPS.exists() else []
    for _, controllers, path in (line.split(":", 2) for line in lines):
        root, name = _CGROUP_LIMIT.parent, _CGROUP_LIMIT.name
        if controllers == "memory":
            root, name = root / "memory", "memory.limit_in_bytes"
        if controllers in ("", "memory"):
            parts = Path(path).parts[1:]
            yield from (root.joinpath(*parts[:depth], name) for depth in range(len(parts) + 1))


def device_memory(device):
    """The bytes that CuPy has taken of a GPU so far, for recorded work too; 0 on the CPU."""
    if device == "cpu":
        return 0
    return device_module(device).get_default_memory_pool().total_bytes() + capture.memory_held()


def peak_memory():
    """The largest resident memory of this process so far, in bytes."""
    with contextlib.suppress(OSError):  # Linux alone has it; its getrusage counts the peak of the parent process too
        if found := re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text()):
            return 1024 * int(found[1])
    try:
        import resource
    except ImportError:  # not on Windows
        return 0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
