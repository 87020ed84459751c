"""The functions of the double: those of NumPy, called as CuPy could be called, on arrays of the device."""

from operator import attrgetter
from types import ModuleType, SimpleNamespace

import numpy as np

from minihit import backend
from strict_cupy import capture, kernels, raw, record
from strict_cupy.device_array import Number, argument, called, ndarray, operand, wrap
from strict_cupy.transfers import transfers

CREATION = ("arange", "empty", "eye", "full", "ones", "zeros")            # from plain numbers, without an upload
JOINING = ("concatenate", "stack")                                        # of a list of arrays
ARRAYS = ("all", "any", "argmax", "argmin", "argsort", "broadcast_to", "clip", "cumsum", "empty_like", "expand_dims",
          "flip", "full_like", "linalg.eigh", "linalg.eigvalsh", "max", "mean", "min", "moveaxis", "ones_like", "pad",
          "partition", "prod", "ravel", "repeat", "reshape", "roll", "sort", "squeeze", "std", "sum", "swapaxes",
          "take", "tile", "transpose", "var", "where", "zeros_like", "lib.stride_tricks.as_strided",
          "lib.stride_tricks.sliding_window_view")
UFUNCS = ("abs", "add", "ceil", "cos", "divide", "exp", "expm1", "floor", "isfinite", "isnan", "log", "log10", "log1p",
          "logaddexp", "logical_and", "logical_not", "logical_or", "matmul", "maximum", "minimum", "multiply",
          "negative", "power", "reciprocal", "rint", "sign", "sin", "sqrt", "square", "subtract", "tanh")
MEMORY = 80 * 10**9                                                       # bytes that the device has, all free
TYPES = ("bool_", "uint8", "int16", "int32", "int64", "float16", "float32", "float64", "dtype")


class Module(ModuleType):
    """cupy as far as the double has it."""

    def __getattr__(self, name):
        if name in record.recorded()["names"]:
            raise NotImplementedError(f"cupy.{name} exists and the double lacks it: add it to strict_cupy/functions.py")
        raise AttributeError(f"module 'cupy' has no attribute {name!r}")


def make():
    """{name in sys.modules: module} that stand for CuPy."""
    cupy, special = Module("cupy"), ModuleType("cupyx.scipy.special")
    functions = {name: _function(name) for name in (*CREATION, *UFUNCS)}
    functions |= {name: _of_arrays(name) for name in ARRAYS} | {name: _joining(name) for name in JOINING}
    functions |= {name: getattr(np, name) for name in TYPES}
    functions |= {"ndarray": ndarray, "asarray": _asarray, "asnumpy": _asnumpy, "einsum": _einsum, "sort": _sort,
                  "fuse": _fuse, "RawKernel": raw.kernel}
    for name, function in functions.items():
        setattr(_module_of(cupy, name), name.split(".")[-1], function)
    _module_of(cupy, "cuda.is_available").is_available = lambda: True
    device = SimpleNamespace(id=0, synchronize=lambda: transfers.sync("synchronize"))
    _module_of(cupy, "cuda.Device").Device = lambda: device
    runtime = _module_of(cupy, "cuda.runtime.memGetInfo")
    runtime.memGetInfo = lambda: (MEMORY, MEMORY)
    runtime.getDeviceProperties = lambda device: {"name": b"a double", "totalGlobalMem": MEMORY}
    for thing in (capture.Stream, capture.MemoryPool, capture.using_allocator, capture.get_current_stream):
        setattr(_module_of(cupy, f"cuda.{thing.__name__}"), thing.__name__, thing)
    cupy.get_default_memory_pool = lambda: SimpleNamespace(total_bytes=lambda: 0, free_all_blocks=lambda: None)
    special.erf = lambda x: wrap(kernels.elementwise(backend.erf, operand(x)))
    cupyx, scipy = ModuleType("cupyx"), ModuleType("cupyx.scipy")
    cupyx.empty_pinned = _empty_pinned
    return {"cupy": cupy, "cupyx": cupyx, "cupyx.scipy": scipy, "cupyx.scipy.special": special}


def _module_of(cupy, name):
    """The module that holds a dotted name, made where it is missing."""
    for part in name.split(".")[:-1]:
        cupy = cupy.__dict__.setdefault(part, ModuleType(f"{cupy.__name__}.{part}"))
    return cupy


def _function(name):
    return lambda *args, **kwargs: called(name, attrgetter(name)(np), args, kwargs)


def _of_arrays(name):
    function = _function(name)

    def call(x, *args, **kwargs):
        _require(name, x)
        return function(x, *args, **kwargs)

    return call


def _joining(name):
    def call(arrays, *args, **kwargs):
        _require(name, *arrays)
        record.signature(name).bind(arrays, *args, **kwargs)
        plain = {key: argument(value) for key, value in kwargs.items()}
        return wrap(kernels.join(getattr(np, name), [x.memory for x in arrays], [*map(argument, args)], plain))

    return call


def _asarray(a, dtype=None):
    """The one way up. An array that is up already is not copied."""
    if isinstance(a, ndarray):
        return a if dtype in (None, a.dtype) else a.astype(dtype)
    transfers.refuse("asarray of a host array")
    there = wrap(np.array(a, dtype, subok=False))
    transfers.upload("asarray of pinned memory" if isinstance(a, Pinned) else "asarray")
    return there


class Pinned(np.ndarray):
    """A host array in page-locked memory; its slices are, too."""


def _empty_pinned(shape, dtype=float, order="C"):
    return np.empty(shape, dtype, order).view(Pinned)


def _asnumpy(a):
    return a.get() if isinstance(a, ndarray) else np.asarray(a)


def _einsum(subscripts, *arrays):
    _require("einsum", *arrays)
    transfers.refuse("einsum, which calls cuBLAS,")
    return wrap(np.einsum(subscripts, *(x.memory for x in arrays)))


def _sort(a, axis=-1, kind=None):
    if kind not in (None, "stable"):
        raise ValueError("kind can only be None or 'stable'")
    return _of_arrays("sort")(a, axis=axis, kind="stable")


def _fuse(function):
    """function, elementwise, as one launch; what cupy.fuse cannot trace, or would give another shape, is refused."""

    def call(*args):
        if kernels.launches.fusion is not None:
            return function(*args)
        fusion = kernels.launches.fusion = kernels.Fusion([x.memory for x in args if isinstance(x, ndarray)])
        try:
            result = function(*(x if x is None or isinstance(x, ndarray) else Number(operand(x)) for x in args))
        finally:
            kernels.launches.fusion = None
        returned = [] if result is None else [x.memory for x in (result if isinstance(result, tuple) else (result,))]
        shape = np.broadcast_shapes(*(x.shape for x in fusion.arguments))
        if any(x.shape != shape for x in (*returned, *fusion.written)):
            raise TypeError(f"cupy.fuse makes every result of {function.__name__} as large as {shape}")
        kernels.launches.count(fusion.read, [*returned, *fusion.written])
        return result

    return call


def _require(name, *arrays):
    for x in arrays:
        if not isinstance(x, ndarray):
            raise TypeError(f"cupy.{name} takes arrays of the device, not {type(x)}")
