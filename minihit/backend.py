"""NumPy or CuPy is a property of the array. What CuPy needs beyond NumPy's functions is here, in cublas.py (products),
capture.py (recorded work) and leaves.py (many arrays at once)."""

import contextlib
import ctypes
import functools
import importlib
import math
import os
import re
import sys
from pathlib import Path

import numpy as np

from minihit import capture, tree
from minihit.errors import UserError

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8           # of mallopt(3)
_EVALUATION = 4                                                           # the share of a GPU's memory: a fourth
_CGROUP_LIMIT = Path("/sys/fs/cgroup/memory.max")                         # of a container; "max" where there is none
_OWN_CGROUPS = Path("/proc/self/cgroup")                                  # where this process is among all groups


def array_module(x):
    """The module, numpy or cupy, that made the array x; its functions accept x and return arrays of the same kind."""
    if isinstance(x, (np.ndarray, np.generic)):
        return np
    return sys.modules[type(x).__module__.split(".")[0]]


def on_gpu(x):
    """Whether an array is on a GPU, where one kernel does best what a CPU does in passes over what its cache holds."""
    return array_module(x) is not np


def device_module(device):
    """The array module of a device, "cpu" or "gpu"."""
    return np if device == "cpu" else importlib.import_module("cupy")


def resolve_device(choice):
    """The device, "cpu" or "gpu", behind the choice "auto", "cpu" or "gpu".

    "auto" is the GPU where CuPy finds a working one, else the CPU. Raises UserError where "gpu" is asked for and
    there is none, or where the choice is not one of the three.
    """
    if choice not in ("auto", "cpu", "gpu"):
        raise UserError(f"device {choice!r} is unknown: choose auto, cpu or gpu")
    if choice == "cpu":
        return "cpu"
    problem = gpu_problem()
    if problem and choice == "gpu":
        raise UserError(f"no GPU can be used ({problem}): choose --device cpu, or cure that and try again")
    return "cpu" if problem else "gpu"


def gpu_problem():
    """Why no GPU can be used, in a few words; None where one multiplies two matrices without error."""
    try:
        cupy = importlib.import_module("cupy")
    except ImportError:
        return 'CuPy is not installed; pip install "minihit[cuda12]" or "minihit[cuda13]" brings it'
    if not cupy.cuda.is_available():
        return "CuPy finds no CUDA device or driver"
    try:
        float((cupy.ones((2, 2)) @ cupy.ones((2, 2)))[0, 0])
    except Exception as error:  # whatever CUDA reports, the answer is that this GPU does not work
        return f"the first product on it failed: {str(error).splitlines()[0]}"
    return None


def allow_tf32():
    """Let a GPU round the factors of float32 products to ten bits of mantissa (TF32), which is several times faster.

    CuPy reads this once, at the first product: call it before resolve_device.
    """
    os.environ["CUPY_TF32"] = "1"


def tf32_allowed():
    return os.environ.get("CUPY_TF32") == "1"


def to_device(arrays, device):
    """A tree of host arrays, copied to the device; on the CPU the arrays themselves."""
    if device == "cpu":
        return arrays
    return tree.map(device_module(device).asarray, arrays)


def to_host(arrays):
    """A tree of arrays as NumPy arrays; arrays that are on the host already are not copied."""
    return tree.map(lambda x: x if isinstance(x, (np.ndarray, np.generic)) else x.get(), arrays)


def synchronize(xp):
    """Wait until the device has done all that it was given; on the CPU there is nothing to wait for."""
    if xp is not np:
        xp.cuda.Device().synchronize()


def kernel_cache(device):
    """The folder in which CuPy keeps the kernels that it compiles, for later processes too; None on the CPU and where
    CUPY_CACHE_IN_MEMORY is 1. https://docs.cupy.dev/en/stable/reference/environment.html
    """
    if device == "cpu" or os.environ.get("CUPY_CACHE_IN_MEMORY") == "1":
        return None
    return Path(os.environ.get("CUPY_CACHE_DIR", "~/.cupy/kernel_cache")).expanduser()


def pinned(x):
    """A copy of a host array in page-locked memory: a GPU copies from there while both sides go on with their work.

    CuPy's asarray keeps such an array alive until its copy has been made; write to none that was handed over.
    """
    copy = importlib.import_module("cupyx").empty_pinned(x.shape, x.dtype)
    copy[...] = x
    return copy


def fused(function):
    """A function of arrays and numbers, elementwise, as it is on NumPy; on a GPU one kernel made of the same body.

    cupy.fuse traces it: arguments go by position, the first an array; `x[...] = ` and `x += ` write into an argument;
    it returns nothing, an array or a tuple. Two numbers must not meet in it: their result would be rounded to float16.
    """

    @functools.wraps(function)
    def call(*arrays):
        xp = array_module(arrays[0])
        return function(*arrays) if xp is np else _fuse(xp, function)(*arrays)

    return call


@functools.cache
def _fuse(xp, function):
    return xp.fuse(function)


def erf(x):
    """The error function of an array, accurate in its dtype; on the CPU the standard library's, value by value."""
    xp = array_module(x)
    if xp is np:
        return np.frompyfunc(math.erf, 1, 1)(x).astype(x.dtype)
    return importlib.import_module(f"{xp.__name__}x.scipy.special").erf(x)


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
