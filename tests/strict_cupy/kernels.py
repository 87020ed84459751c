"""What a GPU would have to do, counted: kernel launches, and the bytes that they read and write.

    launches.start(dry=True); ...; launches.total()          # Cost(launches=.., bytes=..)

The rules are those of CuPy 14.2 by its source. Views and empty arrays cost nothing. Everything else is one launch that
reads its operands once and writes its result once, with these exceptions. A reshape that must copy is a copy. matmul
copies matrices that are neither C- nor F-contiguous, and batches of matrices that are not C-contiguous, a transposed
batch among them, before gemmStridedBatched; batches of different shape need pointers, ndim - 2 small kernels for each
of three arrays. The product of two vectors is a product and a sum. Joining is a copy per array. Arrays as indices cost
a kernel each, one for their sum, and the gathering. `a[part] += b` writes nothing twice.
A function under cupy.fuse is one launch: it reads each argument that it needs, writes what it returns and overwrites.

Broadcast and overlapping memory is counted once, and what the arguments of one kernel share is read once, as the 4 x 4
tiles of a map are: the GPU's caches hold it until the last of them has read it. dry=True computes nothing, allocates
C order as CuPy does (NumPy keeps the order of its operands) and touches no memory, so that large presets can be counted
in seconds. What a library launches on its own, such as the second pass of a large sum or split-K in a product, is not
known.
"""

import math
import threading
from contextlib import contextmanager
from functools import partial
from typing import NamedTuple

import numpy as np


class Cost(NamedTuple):
    launches: int
    bytes: int


class Launches(threading.local):
    """Each thread's own. counts: {phase: Cost}, where the phase is the innermost of the `during` blocks; dry: whether
    nothing is computed; fusion: the Fusion whose function runs, or None; record: the capture.Record of a stream that is
    captured, or None; graphs: how many were launched."""

    def __init__(self):
        self.start()

    def start(self, dry=False):
        """Forget what was counted so far."""
        self.counts, self.phase, self.dry, self.fusion, self.record, self.graphs = {}, "", dry, None, None, 0

    def count(self, inputs, outputs, times=1):
        """`times` launches that read and write NumPy arrays; numbers among them cost nothing."""
        cost = Cost(times, memory_read(inputs) + sum(memory_of(x) for x in outputs))
        if self.record is None:
            self.count_cost(cost)
        else:
            self.record.costs.append(cost)

    def count_cost(self, cost):
        here = self.counts.get(self.phase, Cost(0, 0))
        self.counts[self.phase] = Cost(here.launches + cost.launches, here.bytes + cost.bytes)

    def compute(self, function, *operands, target=None):
        """function(*operands), whose result is returned or written into target; while a stream is captured targets stay
        as they are, and all is done when the graph is launched."""
        if self.record is None:
            return _computed(function, operands, target)
        self.record.scalars += [x for x in operands if not isinstance(x, np.ndarray)]
        with np.errstate(all="ignore"):                                   # of what is not there yet
            result = np.asarray(function(*operands)) if target is None else target
        self.record.calls.append(lambda: _computed(function, operands, result))
        return result

    def total(self):
        return Cost(*(sum(part) for part in zip(*self.counts.values(), strict=True))) if self.counts else Cost(0, 0)

    @contextmanager
    def during(self, phase):
        outer, self.phase = self.phase, phase
        try:
            yield
        finally:
            self.phase = outer


class Fusion:
    """The arguments that a fused function reads and writes; what is overwritten first is not read."""

    def __init__(self, arguments):
        self.arguments, self.read, self.written = arguments, [], []

    def note(self, inputs, outputs):
        self.read += [x for x in inputs if self._new(x, self.read) and not _among(x, self.written)]
        self.written += [x for x in outputs if self._new(x, self.written)]

    def _new(self, x, noted):
        return _among(x, self.arguments) and not _among(x, noted)


def _computed(function, operands, target):
    result = function(*operands)
    if target is None:
        return result
    np.copyto(target, result, casting="same_kind")
    return target


launches = Launches()


def memory_of(x):
    """The bytes of an array: those that are broadcast or seen through several windows once."""
    distinct = math.prod(n for n, stride in zip(x.shape, x.strides, strict=True) if stride) * x.itemsize
    low, high = np.lib.array_utils.byte_bounds(x)
    return min(distinct, high - low) if x.size else 0


def memory_read(inputs):
    """The bytes of the arrays among the inputs of one kernel: of those that overlap no more than they span together."""
    spans = []
    for (low, high), size in sorted((np.lib.array_utils.byte_bounds(x), memory_of(x)) for x in inputs
                                    if isinstance(x, np.ndarray) and x.size):
        if spans and low < spans[-1][1]:
            first, last, sizes = spans.pop()
            low, high, size = first, max(last, high), sizes + size
        spans.append((low, high, size))
    return sum(min(size, high - low) for low, high, size in spans)


def elementwise(function, *operands, out=None, **kwargs):
    """function of NumPy arrays and numbers, as one kernel, or as a part of the kernel that is being fused."""
    if not launches.dry:
        result = launches.compute(partial(function, **kwargs), *operands, target=out)
    else:
        result = _empty_like_result(function, operands, kwargs) if out is None else out
    note(operands, [result])
    return result


def note(inputs, outputs):
    """Count a launch, unless it belongs to a fusion."""
    if launches.fusion is None:
        launches.count(inputs, outputs)
    else:
        launches.fusion.note(inputs, outputs)


def overwrite(function, target, *others):
    """function changes target in place."""
    if not launches.dry:
        launches.compute(function, target, *others, target=target)
    note((target, *others), [target])


def assign(target, value):
    """target[...] = value; nothing where the value is there already, as after `a[part] += b`."""
    if isinstance(value, np.ndarray) and _same(target, value):
        return
    if not launches.dry:
        launches.compute(np.asarray, value, target=target)
    note([value], [target])


def product(function, a, b, out=None):
    """a @ b by cuBLAS, with the copies that CuPy makes for it, which refuses it while a stream is captured."""
    if launches.record is not None:
        raise NotImplementedError("calling cuBLAS API during stream capture is currently unsupported")
    result = _matmul(function, a, b, out)
    batched = max(a.ndim, b.ndim) > 2
    a, b = (x if x.flags.c_contiguous or (not batched and x.flags.f_contiguous) else _copied(x) for x in (a, b))
    if a.ndim == b.ndim == 1:
        launches.count([a, b], [a])                                       # their products, then the sum
        launches.count([a], [np.asarray(result)])
        return result
    batches = {(1,) * (max(a.ndim, b.ndim) - x.ndim) + x.shape[:-2] for x in (a, b)}
    if batched and len(batches) > 1:
        launches.count([], [], times=3 * (max(a.ndim, b.ndim) - 2))
    launches.count([a, b], [result])
    return result


def multiply(a, b, out):
    """out = a @ b by cuBLAS, called directly: no copies."""
    if not launches.dry:
        launches.compute(np.matmul, a, b, target=out)
    launches.count([a, b], [out])


def copy_all(sources, targets):
    """Arrays into others of the same sizes, in one launch."""
    if not launches.dry:
        for source, target in zip(sources, targets, strict=True):
            launches.compute(np.asarray, source, target=target)
    launches.count(sources, targets)


def view(function, x, *args, **kwargs):
    """A view costs nothing, a reshape that must copy is a copy."""
    result = _view(function, x, *args, **kwargs)
    if not np.may_share_memory(result, x):
        if not launches.dry:
            launches.compute(lambda x: function(x, *args, **kwargs), x, target=result)
        launches.count([x], [result])
    return result


def other(function, args, kwargs):
    """One launch: a sum, an array of ones, a copy in another type; of several results, as of eigh, one as well."""
    if launches.dry:
        result = function(*map(_stand_in, args), **kwargs)
    else:
        result = launches.compute(partial(function, **kwargs), *args)
    results = result if isinstance(result, tuple) else [result]
    launches.count([x for x in args if isinstance(x, np.ndarray)], [*map(np.asarray, results)])
    return result


def join(function, arrays, args, kwargs):
    if launches.dry:
        result = function([_stand_in(x) for x in arrays], *args, **kwargs)
    else:
        result = launches.compute(lambda *arrays: function(arrays, *args, **kwargs), *arrays)
    for x in arrays:
        launches.count([x], [x])
    return result


def gather(x, index):
    """x[index] where arrays are among the index."""
    arrays = [part for part in index if isinstance(part, np.ndarray)]
    if launches.dry:
        result = _stand_in(x)[tuple(map(_stand_in, index))]
    else:
        result = launches.compute(lambda x, *arrays: x[_with(index, arrays)], x, *arrays)
    launches.count([*arrays, result], [result], times=len(arrays) + 2)
    return result


def _with(index, arrays):
    """The index with its arrays exchanged for others."""
    arrays = iter(arrays)
    return tuple(next(arrays) if isinstance(part, np.ndarray) else part for part in index)


def _copied(x):
    copy = np.empty(x.shape, x.dtype)
    launches.count([x], [copy])
    return copy


def _matmul(function, a, b, out):
    if not launches.dry:
        return launches.compute(function, a, b, target=out)
    if out is not None:
        return out
    batch = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
    return np.empty(batch + a.shape[-2:-1] * (a.ndim > 1) + b.shape[-1:] * (b.ndim > 1), np.result_type(a, b))


def _view(function, x, *args, **kwargs):
    if not launches.dry:
        return function(x, *args, **kwargs)
    shape = function(_stand_in(x), *args, **kwargs).shape
    if function.__name__ not in ("reshape", "ravel"):
        return function(x, *args, **kwargs)
    try:
        return np.reshape(x, shape, copy=False)
    except ValueError:
        return np.empty(shape, x.dtype)


def _empty_like_result(function, operands, kwargs):
    shape = np.broadcast_shapes(*(x.shape for x in operands if isinstance(x, np.ndarray)))
    with np.errstate(all="ignore"):
        sample = function(*(np.ones(1, x.dtype) if isinstance(x, np.ndarray) else x for x in operands), **kwargs)
    return np.empty(shape, sample.dtype)


def _stand_in(x):
    """An array of the same shape that takes no memory."""
    return np.broadcast_to(np.zeros((), x.dtype), x.shape) if isinstance(x, np.ndarray) else x


def _same(x, y):
    return (x.__array_interface__["data"], x.shape, x.strides) == (y.__array_interface__["data"], y.shape, y.strides)


def _among(x, arrays):
    return any(x is array for array in arrays)
