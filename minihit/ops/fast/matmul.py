"""The product of matrices, on a GPU by cuBLAS as it wants them: nothing is copied that is only transposed or strided,
and a captured step may have products.
"""

import numpy as np

from minihit import cublas
from minihit.backend import array_module


def matmul(a, b, out=None):
    return np.matmul(a, b, out=out) if array_module(a) is np else cublas.product(a, b, out)
