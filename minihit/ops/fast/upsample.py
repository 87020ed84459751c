"""The gradient of nearest-neighbour upsampling, one fused kernel on a GPU; on a CPU sum() takes six times as long.

Shapes: dy (B, 2H, 2W, C); dx (B, H, W, C).
"""

from minihit.backend import fused
from minihit.ops.fast.squares import squares


def backward(dy, cache):
    return _sum(*squares(dy))


@fused
def _sum(top_left, top_right, bottom_left, bottom_right):
    y = top_left + top_right
    y += bottom_left
    y += bottom_right
    return y
