"""How fast, and how much memory: a step by its phases, tuned ops beside their definitions, scale, a peer to compare.

`alternate` and `ratio` are for comparisons of your own.
"""

from minihit.bench.clock import alternate, ratio, stopwatch

__all__ = ["alternate", "ratio", "stopwatch"]
