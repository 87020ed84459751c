"""NumPy or CuPy is a property of the array. What CuPy needs beyond NumPy's functions is here, in cublas.py (products),
capture.py (recorded work) and leaves.py (many arrays at once)."""

import functools
import importlib
import math
import os
import sys
from pathlib import Path

import numpy as np

from minihit import tree
from minihit.errors import UserError


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
