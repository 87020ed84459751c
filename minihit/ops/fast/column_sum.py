"""The sum over all axes but the last as a product with a row of ones: several times faster on a CPU.

Shapes: x (..., C); result (C,).
"""

import functools

import numpy as np

from minihit.backend import array_module
from minihit.ops.fast.matmul import matmul


def column_sum(x):
    rows, xp = x.reshape(-1, x.shape[-1]), array_module(x)
    ones = np.ones(len(rows), x.dtype) if xp is np else _kept_ones(xp, len(rows), x.dtype)
    return matmul(ones, rows)


@functools.cache
def _kept_ones(xp, count, dtype):
    """Made once, a launch less each time, and never freed: a captured step goes on reading them where they lie."""
    return xp.ones(count, dtype)
