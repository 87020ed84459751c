"""Exercise 3: a position that is added, and a skip (tutorials/03_where_gradients_add.py).

Put your lines in the place of each NotImplementedError; then ask: minihit learn check 3

Shapes: x, y (B, H, W, C); position (1, H, W, C), the same for all images; weight (C, C), bias (C,).
"""

from minihit.layers import linear
from minihit.ops import gelu


def position_forward(params, x):
    """y = x + position; params {"position"}. Returns y and a cache."""
    raise NotImplementedError("position_forward")


def position_backward(dy, cache):
    """Returns dx and {"position"}."""
    raise NotImplementedError("position_backward")


def skip_forward(params, x):
    """y = x + gelu(linear(x)); params {"weight", "bias"} are those of linear."""
    raise NotImplementedError("skip_forward")


def skip_backward(dy, cache):
    """Returns dx and {"weight", "bias"}. The backward passes of linear and of gelu are there to be called."""
    raise NotImplementedError("skip_backward")
