"""How fast, and how much memory: a training step by its phases, ops beside their twins, scale, and a peer to compare.

`alternate` and `ratio` are for comparisons of your own.
"""

from minihit.bench.clock import alternate, ratio, stopwatch

__all__ = ["alternate", "ratio", "stopwatch"]
