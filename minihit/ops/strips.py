"""Long arrays in strips: a chain of elementwise operations on one strip stays in the cache instead of crossing memory.

Shapes: arrays of one shape, contiguous, seen as flat.
"""

STRIP = 1 << 15                                                           # values: 128 KiB of float32


def strips(*arrays, size=STRIP):
    """Yield tuples of flat views, one per array, that cover the arrays together."""
    flat = [array.reshape(-1) for array in arrays]
    for start in range(0, flat[0].size, size):
        yield tuple(array[start:start + size] for array in flat)
