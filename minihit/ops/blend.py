"""A running average: the old one with weight `keep`, the new value with the rest; all of it times `share`.

Shapes: average, value, result (...), the same.
"""

from minihit.ops.switch import tuned


@tuned
def blend(average, value, keep, share=1.0):
    return share * (keep * average + (1.0 - keep) * value)
