"""Exercise 19: R1, and the tangents that it needs (tutorials/19_r1.py).

Shapes: as in linear and convolution; t_x, the direction that x moves in, is of x's shape.
"""

from minihit.layers import conv2d, linear


def linear_tangent(t_x, cache):
    """How y = x W + b moves when x moves along t_x; the cache is {"x", "weight", "bias"}."""
    still = {"weight": cache["weight"], "bias": 0.0 * cache["bias"]}
    return linear.forward(still, t_x)[0]


def conv2d_tangent(t_x, cache):
    """How y = weight * x + bias moves when x moves along t_x; the cache is {"x", "weight", "bias"}."""
    return conv2d.forward({"weight": cache["weight"]}, t_x)[0]


def r1(gradient, cost):
    """(cost * mean_b |gradient_b|^2, its derivative by gradient); gradient (B, H, W, 3): dlogit_b / dimage_b."""
    return cost * (gradient * gradient).sum() / len(gradient), 2.0 * cost / len(gradient) * gradient
