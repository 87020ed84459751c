"""The library that minihit/cublas.py calls, on the memory of the double: C's arguments in, NumPy's products out.

Matrices are rebuilt from pointers, leading dimensions and strides alone, so what is called wrongly computes wrongly.
"""

import ctypes

import numpy as np

from strict_cupy import kernels
from strict_cupy.transfers import transfers

_TYPES = {0: np.float32, 1: np.float64}                                   # by cudaDataType
_COMPUTE = {0: (68, 77), 1: (70,)}                                        # cublasComputeType_t that takes them
_CREATED = 4711                                                           # what a handle is


def cublasCreate_v2(handle):
    transfers.refuse("cublasCreate, which allocates,")
    handle._obj.value = _CREATED
    return 0


def cublasSetStream_v2(handle, stream):
    return _status(handle)


def cublasSetWorkspace_v2(handle, memory, size):
    return _status(handle)


def cublasGemmStridedBatchedEx(handle, trans_a, trans_b, m, n, k, alpha, a, a_type, lda, a_stride, b, b_type, ldb,
                               b_stride, beta, c, c_type, ldc, c_stride, batch, compute, algorithm):
    """C = A B, stored by columns: seen by rows, C^T = B^T A^T."""
    if len({a_type, b_type, c_type}) > 1 or compute not in _COMPUTE[a_type] or ldc < m or algorithm != -1:
        return 7                                                          # CUBLAS_STATUS_INVALID_VALUE
    _require_plain(a_type, alpha, beta)
    right = _matrices(a, a_type, batch, (k, m), lda, a_stride, trans_a)
    left = _matrices(b, b_type, batch, (n, k), ldb, b_stride, trans_b)
    kernels.multiply(left, right, _matrices(c, c_type, batch, (n, m), ldc, c_stride, 0))
    return _status(handle)


def cublasSgemv_v2(*arguments):
    return _gemv(0, *arguments)


def cublasDgemv_v2(*arguments):
    return _gemv(1, *arguments)


def _gemv(kind, handle, trans, m, n, alpha, a, lda, x, x_step, beta, y, y_step):
    """y = A x, or A^T x, A (m, n) stored by columns."""
    if x_step != 1 or y_step != 1:
        return 7
    _require_plain(kind, alpha, beta)
    rows = _matrices(a, kind, 1, (n, m), lda, 0, 0)[0]                    # A^T
    taken, made = (m, n) if trans else (n, m)
    vector, result = (_matrices(at, kind, 1, (1, size), size, 0, 0)[0, 0] for at, size in ((x, taken), (y, made)))
    if trans:
        kernels.multiply(rows, vector, result)
    else:
        kernels.multiply(vector, rows, result)
    return _status(handle)


def _matrices(address, kind, batch, shape, leading, stride, transposed):
    """(batch, *shape) matrices whose rows, or columns where they are transposed, are `leading` values apart."""
    rows, columns = reversed(shape) if transposed else shape
    if leading < max(columns, 1):
        raise ValueError(f"rows of {columns} values are not {leading} apart")
    size = np.dtype(_TYPES[kind]).itemsize
    extent = (batch - 1) * stride + (rows - 1) * leading + columns
    memory = (ctypes.c_char * (extent * size)).from_address(address)
    flat = np.frombuffer(memory, _TYPES[kind])
    matrices = np.lib.stride_tricks.as_strided(flat, (batch, rows, columns), (stride * size, leading * size, size))
    return matrices.swapaxes(1, 2) if transposed else matrices


def _require_plain(kind, alpha, beta):
    scalar = (ctypes.c_float, ctypes.c_double)[kind]
    one, zero = (ctypes.cast(x, ctypes.POINTER(scalar))[0] for x in (alpha, beta))
    if (one, zero) != (1.0, 0.0):
        raise NotImplementedError(f"alpha {one} and beta {zero}: add them to strict_cupy/cublas.py")


def _status(handle):
    return 0 if handle.value == _CREATED else 1                           # CUBLAS_STATUS_NOT_INITIALIZED
