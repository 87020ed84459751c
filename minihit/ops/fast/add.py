"""The sum of arrays of one shape, one fused kernel on a GPU."""

from minihit.backend import fused


@fused
def add(first, *others):
    return sum(others, first)
