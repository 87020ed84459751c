"""NumPy or CuPy is a property of the array: this is the one file that knows that CuPy exists."""

import contextlib
import ctypes
import importlib
import math
import sys

import numpy as np

from minihit import tree
from minihit.errors import UserError

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3                             # of mallopt(3)


def array_module(x):
    """The module, numpy or cupy, that made the array x; its functions accept x and return arrays of the same kind."""
    if isinstance(x, (np.ndarray, np.generic)):
        return np
    return sys.modules[type(x).__module__.split(".")[0]]


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


def to_device(arrays, device):
    """A tree of host arrays, copied to the device; on the CPU the arrays themselves."""
    if device == "cpu":
        return arrays
    return tree.map(device_module(device).asarray, arrays)


def to_host(arrays):
    """A tree of arrays as NumPy arrays; arrays that are on the host already are not copied."""
    return tree.map(lambda x: x if isinstance(x, (np.ndarray, np.generic)) else x.get(), arrays)


def erf(x):
    """The error function of an array, accurate in its dtype; on the CPU the standard library's, value by value."""
    xp = array_module(x)
    if xp is np:
        return np.frompyfunc(math.erf, 1, 1)(x).astype(x.dtype)
    return importlib.import_module(f"{xp.__name__}x.scipy.special").erf(x)


def keep_memory():
    """Ask glibc to keep freed memory for the next array, for this process; elsewhere nothing happens.

    A page fresh from the system is cleared first, which costs more than the arithmetic on it: a step of faces-32 on two
    cores takes 0.18 s with memory kept and 0.22 s without.
    """
    with contextlib.suppress(OSError, AttributeError, TypeError):
        libc = ctypes.CDLL(None)
        libc.mallopt(_M_MMAP_THRESHOLD, 1 << 30)
        libc.mallopt(_M_TRIM_THRESHOLD, (1 << 31) - 1)


def peak_memory():
    """The largest resident memory of this process so far, in bytes."""
    try:
        import resource
    except ImportError:  # not on Windows
        return 0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
