"""The gradient of nearest-neighbour upsampling, one fused kernel on a GPU; on a CPU sum() takes six times as long.

Shapes: dy (B, 2H, 2W, C); dx (B, H, W, C).
"""

from minihit.backend import fused


def backward(dy, cache):
    return _sum(*squares(dy))


def squares(x):
    """The four pixels of every 2 x 2 square, row by row."""
    return [x[:, row::2, column::2] for row in range(2) for column in range(2)]


@fused
def _sum(top_left, top_right, bottom_left, bottom_right):
    y = top_left + top_right
    y += bottom_left
    y += bottom_right
    return y
