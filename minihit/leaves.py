"""Many arrays into a long one, on a GPU with one kernel for hundreds of them.

Shapes: arrays (...), in all as many values as out (n,) has.
"""

import functools
import sys

import numpy as np

_MOST = 200                                                               # arrays a launch: arguments take 4 KiB
_BLOCKS, _THREADS = 32, 256                                               # that copy one of them
_C_TYPES = {"f": "float", "d": "double"}
_HOST = (np.ndarray, np.generic)
_SOURCE = """
struct Arrays { const %(type)s* first[%(most)d]; long long start[%(most)d + 1]; };

extern "C" __global__ void gather(const Arrays arrays, %(type)s* out) {
    const long long start = arrays.start[blockIdx.y], size = arrays.start[blockIdx.y + 1] - start;
    for (long long i = blockIdx.x * blockDim.x + threadIdx.x; i < size; i += gridDim.x * blockDim.x)
        out[start + i] = arrays.first[blockIdx.y][i];
}
"""


def at_once(arrays):
    """Whether one kernel gathers them: arrays of a GPU, of one floating-point type."""
    kinds = {getattr(x, "dtype", None) for x in arrays}
    return len(kinds) == 1 and None not in kinds and not isinstance(arrays[0], _HOST) and kinds.pop().char in _C_TYPES


def room(arrays):
    """A new array on the GPU for all their values."""
    return _module(arrays[0]).empty(sum(x.size for x in arrays), arrays[0].dtype)


def gather(arrays, out):
    """Write the values of the arrays, one after the other, into out."""
    if not at_once([out, *arrays]):
        return _one_by_one(arrays, out)
    arrays = [x if x.flags.c_contiguous else x.copy() for x in arrays]
    ends = np.cumsum([0, *(x.size for x in arrays)])
    kernel = _kernel(_module(out), out.dtype.char)
    for first in range(0, len(arrays), _MOST):
        part = arrays[first:first + _MOST]
        table = np.zeros(1, [("first", np.uint64, _MOST), ("start", np.int64, _MOST + 1)])
        table["first"][0, :len(part)] = [x.data.ptr for x in part]
        table["start"][0, :len(part) + 1] = ends[first:first + len(part) + 1]
        kernel((_BLOCKS, len(part)), (_THREADS,), (table, out))
    return out


def _one_by_one(arrays, out):
    start = 0
    for x in arrays:
        out[start:start + x.size].reshape(x.shape)[...] = x
        start += x.size
    return out


def _module(x):
    return sys.modules[type(x).__module__.split(".")[0]]


@functools.cache
def _kernel(xp, char):
    return xp.RawKernel(_SOURCE % {"type": _C_TYPES[char], "most": _MOST}, "gather")
