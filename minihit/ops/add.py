"""Sums of arrays: what reaches an array back from all who read it, or what is added to it on the way.

Shapes: first, others, result (...), the same; for add_to others that broadcast to x (...).
"""

from minihit.ops.switch import tuned


@tuned
def add(first, *others):
    return sum(others, first)


@tuned
def add_to(x, *others):
    """In place; an other may be None."""
    for other in others:
        if other is not None:
            x += other
