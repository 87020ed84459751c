"""Kernels in CUDA's C, done over in NumPy on the same arguments: a kernel that is not here cannot be launched.

What the C itself says is for a GPU to prove (tests marked gpu).
"""

import ctypes
from itertools import pairwise

import numpy as np

from strict_cupy import kernels


def kernel(code, name):
    """As cupy.RawKernel: call it with a grid, a block and arguments. An array of NumPy is a struct, passed by value."""
    function = {"gather": _gather}[name]

    def launch(grid, block, args):
        if max(grid[1:], default=1) > 65_535 or np.prod(block) > 1_024 or sum(map(_size, args)) > 4_096:
            raise ValueError(f"{name} cannot be launched with grid {grid}, block {block} and these arguments")
        function(grid, *args)

    return launch


def _size(argument):
    """Bytes among the arguments of a kernel: a pointer, or the struct itself."""
    if isinstance(argument, np.ndarray) and argument.size != 1:
        raise TypeError("only NumPy arrays of size one are passed by value")
    return argument.nbytes if isinstance(argument, np.ndarray) else 8


def _gather(grid, arrays, out):
    """minihit/leaves.py: the arrays that a struct points at, one after the other, into out."""
    starts = arrays["start"][0][:grid[1] + 1]
    found = [np.frombuffer((ctypes.c_char * int(size * out.memory.itemsize)).from_address(int(address)), out.dtype)
             for address, size in zip(arrays["first"][0], np.diff(starts), strict=False)]
    kernels.copy_all(found, [out.memory[start:stop] for start, stop in pairwise(starts)])
