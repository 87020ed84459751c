"""The sum over all axes but the last as a product with a row of ones: several times faster on a CPU.

Shapes: x (..., C); result (C,).
"""

from minihit.backend import array_module
from minihit.ops.fast.constants import ones
from minihit.ops.fast.matmul import matmul


def column_sum(x):
    rows = x.reshape(-1, x.shape[-1])
    return matmul(ones(array_module(x), len(rows), x.dtype), rows)
