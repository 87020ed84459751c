"""The sum of arrays of one shape: what reaches an array back from all who read it."""

from minihit.ops.switch import tuned


@tuned
def add(first, *others):
    return sum(others, first)
