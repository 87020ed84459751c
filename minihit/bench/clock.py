"""Times that can be compared: contestants take turns, and what is quoted is the median of the ratios of their rounds.

A machine runs faster and slower from minute to minute by more than many differences that are to be measured. Two times
of the same round share that; two times of different minutes do not.
"""

import statistics
import time

import numpy as np

from minihit.backend import synchronize


def alternate(contestants, rounds):
    """{name: seconds of each round} of contestants {name: function that runs once and returns its own seconds}.

    A round before the first warms up and is not counted. Every other round goes in the opposite order.
    """
    times = {name: [] for name in contestants}
    for run in contestants.values():
        run()
    for number in range(rounds):
        for name in list(contestants)[::-1 if number % 2 else 1]:
            times[name].append(contestants[name]())
    return times


def stopwatch(function, xp=np):
    """A contestant: runs the function and returns the seconds until the device has finished what it started."""
    def run():
        synchronize(xp)
        start = time.perf_counter()
        function()
        synchronize(xp)
        return time.perf_counter() - start
    return run


def ratio(times, one, other):
    """The median over the rounds of one's time by the other's."""
    return statistics.median(a / b for a, b in zip(times[one], times[other], strict=True))
