"""Products on a GPU by cuBLAS, called in the library that CuPy has loaded.

CuPy's own `@` copies factors that are transposed in a batch or lie apart, and refuses to run while a stream is captured
(cupy/cupy issue 6290). Here a transposed factor is a flag, a batch is a stride, and each stream has a handle with a
workspace of its own, as captured products need one that nobody else writes into.

cuBLAS stores matrices column by column. Read so, the rows of x are x^T, and a b = y is b^T a^T = y^T: the factors
change places and nothing else does (https://docs.nvidia.com/cuda/cublas).
"""

import ctypes
import functools
import math
import sys
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from minihit.backend import array_module, tf32_allowed

_WORKSPACE = 32 << 20                                                     # bytes, as NVIDIA advises for Hopper
_TILE, _TILES = 64, 512                                                   # side of a tile; tiles that fill a large GPU
_SHORTEST = 512                                                           # sum that is worth a piece
_N, _T = 0, 1                                                             # as it lies, transposed
_DEFAULT_ALGORITHM = -1
_TF32 = 77                                                                # CUBLAS_COMPUTE_32F_FAST_TF32


class _Type(NamedTuple):
    """A dtype in cuBLAS's words: cudaDataType, cublasComputeType_t, that of alpha and beta, its gemv's name."""

    data: int
    compute: int
    scalar: type
    gemv: str


_TYPES = {np.dtype(np.float32): _Type(0, 68, ctypes.c_float, "cublasSgemv_v2"),
          np.dtype(np.float64): _Type(1, 70, ctypes.c_double, "cublasDgemv_v2")}


_POINTER, _INT, _LONG = ctypes.c_void_p, ctypes.c_int, ctypes.c_longlong
SIGNATURES = {                                                            # of the functions that are called here
    "cublasCreate_v2": [_POINTER],
    "cublasSetStream_v2": [_POINTER, _POINTER],
    "cublasSetWorkspace_v2": [_POINTER, _POINTER, ctypes.c_size_t],
    "cublasGemmStridedBatchedEx": [_POINTER, _INT, _INT, _INT, _INT, _INT, _POINTER, *[_POINTER, _INT, _INT, _LONG] * 2,
                                   _POINTER, _POINTER, _INT, _INT, _LONG, _INT, _INT, _INT],
    **{name: [_POINTER, _INT, _INT, _INT, _POINTER, _POINTER, _INT, _POINTER, _INT, _POINTER, _POINTER, _INT]
       for name in ("cublasSgemv_v2", "cublasDgemv_v2")},
}


class _Factor(NamedTuple):
    """A batch of matrices as cuBLAS reads it: the array that holds them, whether its rows lie column by column, from
    row (or column) to the next, and from matrix to matrix, in values."""

    x: object
    transposed: int
    leading: int
    stride: int


def product(a, b, out=None):
    """a @ b of arrays on a GPU, written into `out` where it is given; two vectors, and all but floating-point
    arrays of one dtype, go to CuPy."""
    xp = array_module(a)
    if a.dtype != b.dtype or a.dtype not in _TYPES or 0 in (a.size, b.size) or a.ndim == b.ndim == 1:
        return xp.matmul(a, b, out=out)
    if a.ndim == 1 and b.ndim == 2:
        return _vector_product(b.T, a, out)
    if b.ndim == 1 and a.ndim == 2:
        return _vector_product(a, b, out)
    return _matrix_product(a, b, out)


def _matrix_product(a, b, out):
    xp, (m, k), n = array_module(a), a.shape[-2:], b.shape[-1]
    batch = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
    if b.shape[-2] != k or (out is not None and out.shape != (*batch, m, n)):
        raise ValueError(f"matrices of shape {a.shape} and {b.shape} have no product"
                         + ("" if out is None else f" of shape {out.shape}"))
    left, right = (_factor(xp.broadcast_to(x, batch + x.shape[-2:])) for x in (a, b))
    pieces = _pieces(math.prod(batch), m, n, k, left, right)
    if pieces > 1:
        left, right = (factor._replace(stride=k // pieces * factor.leading) for factor in (left, right))
    target = None if out is None or pieces > 1 else _as_it_lies(out)
    y = target or _Factor(xp.empty((*batch, pieces, m, n), a.dtype), _N, n, m * n)
    _multiply(left, right, y, math.prod(batch) * pieces, m, n, k // pieces)
    if target:
        return out
    y = y.x.reshape(*batch, m, n) if pieces == 1 else y.x.sum(axis=-3)
    if out is None:
        return y
    out[...] = y
    return out


def _pieces(batch, m, n, k, left, right):
    """Into how many pieces the sums of a batch are cut, which are added afterwards, so that few matrices with long sums
    keep the whole GPU at work; of a single matrix cuBLAS sees to that. Only sums along rows, as a weight's gradient has
    them, can be cut by strides alone."""
    along_rows = left.transposed and not right.transposed
    if batch == 1 or not along_rows or any(x.stride != k * x.leading for x in (left, right)):
        return 1
    tiles, pieces = batch * math.ceil(m / _TILE) * math.ceil(n / _TILE), 1
    while tiles * pieces < _TILES and k % (2 * pieces) == 0 and k // (2 * pieces) >= _SHORTEST:
        pieces *= 2
    return pieces


def _multiply(left, right, y, batch, m, n, k):
    """y = left right, matrix by matrix, by one call of cuBLAS."""
    kind, one, zero = _scalars(y.x.dtype)
    compute = _TF32 if kind.data == 0 and tf32_allowed() else kind.compute
    _check(library().cublasGemmStridedBatchedEx(
        _handle(array_module(y.x)), right.transposed, left.transposed, n, m, k, one,
        right.x.data.ptr, kind.data, right.leading, right.stride, left.x.data.ptr, kind.data, left.leading, left.stride,
        zero, y.x.data.ptr, kind.data, y.leading, y.stride, batch, compute, _DEFAULT_ALGORITHM))


def _vector_product(matrix, vector, out):
    """matrix (M, K) times vector (K,)."""
    xp, (m, k) = array_module(matrix), matrix.shape
    if len(vector) != k:
        raise ValueError(f"a matrix of shape {matrix.shape} and a vector of {len(vector)} have no product")
    factor, vector = _factor(matrix), vector if vector.flags.c_contiguous else vector.copy()
    y = xp.empty(m, matrix.dtype) if out is None or not out.flags.c_contiguous else out
    kind, one, zero = _scalars(matrix.dtype)
    rows, columns = (m, k) if factor.transposed else (k, m)
    _check(getattr(library(), kind.gemv)(
        _handle(xp), _N if factor.transposed else _T, rows, columns, one,
        factor.x.data.ptr, factor.leading, vector.data.ptr, 1, zero, y.data.ptr, 1))
    if out is None or y is out:
        return y
    out[...] = y
    return out


def _factor(x):
    """The _Factor of a batch of matrices, of a copy where cuBLAS cannot read them as they lie."""
    if found := _as_it_lies(x) or _as_it_lies(x.swapaxes(-1, -2), _T):
        return found
    return _as_it_lies(x.copy())


def _as_it_lies(x, transposed=_N):
    """The _Factor of matrices whose values of a row are neighbours and which lie one distance apart, else None."""
    (rows, columns), (down, right) = x.shape[-2:], (stride // x.itemsize for stride in x.strides[-2:])
    stride = _one_stride(x.shape[:-2], [stride // x.itemsize for stride in x.strides[:-2]])
    if stride is None or stride < 0 or (columns > 1 and right != 1) or (rows > 1 and down < columns):
        return None
    return _Factor(x, transposed, max(down if rows > 1 else columns, 1), stride)


def _one_stride(shape, strides):
    """The one distance between the matrices of a batch, in their order; None where there are several."""
    axes = [axis for axis in zip(shape, strides, strict=True) if axis[0] > 1]
    if any(outer != count * inner for (_, outer), (count, inner) in pairwise(axes)):
        return None
    return axes[-1][1] if axes else 0


def _handle(xp):
    """cuBLAS's handle for the current stream."""
    return _made(xp.cuda.get_current_stream().ptr)[0]


@functools.cache
def _scalars(dtype):
    """The _Type of a dtype, and alpha and beta: one and zero where cuBLAS can read them."""
    kind = _TYPES[dtype]
    return kind, ctypes.byref(kind.scalar(1)), ctypes.byref(kind.scalar(0))


@functools.cache
def _made(stream):
    """(cuBLAS's handle for a stream, its workspace), made before the stream is captured."""
    workspace, handle = sys.modules["cupy"].empty(_WORKSPACE, np.uint8), ctypes.c_void_p()
    _check(library().cublasCreate_v2(ctypes.byref(handle)))
    _check(library().cublasSetStream_v2(handle, stream))
    _check(library().cublasSetWorkspace_v2(handle, workspace.data.ptr, _WORKSPACE))
    return handle, workspace


@functools.cache
def library():
    """The cuBLAS of the CUDA that CuPy runs on, by the name under which CuPy has loaded it."""
    major = sys.modules["cupy"].cuda.runtime.runtimeGetVersion() // 1000
    found = ctypes.CDLL(f"cublas64_{major}.dll" if sys.platform == "win32" else f"libcublas.so.{major}")
    for name, types in SIGNATURES.items():
        getattr(found, name).argtypes = types
    return found


def _check(status):
    if status:
        raise RuntimeError(f"cuBLAS failed with status {status}")
