"""A running average: the old one with weight `keep`, the new value with the rest.

Shapes: average, value, result (...), the same.
"""

from minihit.ops.switch import tuned


@tuned
def blend(average, value, keep):
    return keep * average + (1.0 - keep) * value
