"""Long arrays in strips: a chain of operations on one strip stays in the cache instead of crossing memory.

Shapes: arrays of one shape, contiguous, seen as flat; or a number of rows.
"""

import numpy as np

STRIP = 1 << 15                                                           # values: 128 KiB of float32
WIDE_STRIP = 1 << 18                                                      # values: 1 MiB of float32, for products


def strips(*arrays, size=STRIP):
    """Yield tuples of flat views, one per array, that cover the arrays together."""
    flat = [array.reshape(-1) for array in arrays]
    for start in range(0, flat[0].size, size):
        yield tuple(array[start:start + size] for array in flat)


def row_strips(rows, width, xp=np):
    """Slices that cover the rows, WIDE_STRIP values of `width` a row at a time; all at once where xp is not NumPy."""
    size = max(1, WIDE_STRIP // width) if xp is np else rows
    return [slice(start, min(start + size, rows)) for start in range(0, rows, size)]
