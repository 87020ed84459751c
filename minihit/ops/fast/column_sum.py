"""The sum over all axes but the last as a product with a row of ones: several times faster on a CPU.

Shapes: x (..., C); result (C,).
"""

from minihit.backend import array_module


def column_sum(x):
    rows = x.reshape(-1, x.shape[-1])
    return array_module(x).ones(rows.shape[0], x.dtype) @ rows
