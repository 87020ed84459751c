"""A running average, one fused kernel on a GPU."""

from minihit.backend import fused


def blend(average, value, keep):
    return _blend(average, value, keep, 1.0 - keep)


@fused
def _blend(average, value, keep, take):
    return keep * average + take * value
