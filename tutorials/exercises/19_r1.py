"""Exercise 19: R1, and the tangents that it needs (tutorials/19_r1.py).

Put your lines in the place of each NotImplementedError; then ask: minihit learn check 19

Shapes: as in linear and convolution; t_x, the direction that x moves in, is of x's shape.
"""

from minihit.layers import conv2d, linear


def linear_tangent(t_x, cache):
    """How y = x W + b moves when x moves along t_x; the cache is {"x", "weight", "bias"}."""
    raise NotImplementedError("linear_tangent")


def conv2d_tangent(t_x, cache):
    """How y = weight * x + bias moves when x moves along t_x; the cache is {"x", "weight", "bias"}."""
    raise NotImplementedError("conv2d_tangent")


def r1(gradient, cost):
    """(cost * mean_b |gradient_b|^2, its derivative by gradient); gradient (B, H, W, 3): dlogit_b / dimage_b."""
    raise NotImplementedError("r1")
