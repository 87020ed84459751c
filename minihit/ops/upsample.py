"""Nearest-neighbour upsampling by two: every pixel becomes a 2 x 2 square.

Shapes: x (B, H, W, C); y (B, 2H, 2W, C).
"""

from minihit.backend import array_module, fused


def forward(x):
    b, height, width, c = x.shape
    squares = array_module(x).broadcast_to(x[:, :, None, :, None, :], (b, height, 2, width, 2, c))
    return squares.reshape(b, 2 * height, 2 * width, c), {}


def backward(dy, cache):
    return _sum(*(dy[:, row::2, column::2] for row in range(2) for column in range(2)))


@fused
def _sum(top_left, top_right, bottom_left, bottom_right):
    y = top_left + top_right
    y += bottom_left
    y += bottom_right
    return y
