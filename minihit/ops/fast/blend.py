"""A running average, one fused kernel on a GPU.

Shapes: average, value, result (...), the same.
"""

from minihit.backend import fused


def blend(average, value, keep, share=1.0):
    return _blend(average, value, keep, 1.0 - keep, share)


@fused
def _blend(average, value, keep, take, share):
    return share * (keep * average + take * value)
