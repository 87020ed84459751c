"""Sums of arrays, one fused kernel each on a GPU.

Shapes: first, others, result (...), the same; for add_to others that broadcast to x (...).
"""

from minihit.backend import fused


@fused
def add(first, *others):
    return sum(others, first)


@fused
def add_to(x, *others):
    """In place; an other may be None."""
    for other in others:
        if other is not None:
            x += other
