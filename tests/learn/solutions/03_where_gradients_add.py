"""Exercise 3: a position that is added, and a skip (tutorials/03_where_gradients_add.py).

Shapes: x, y (B, H, W, C); position (1, H, W, C), the same for all images; weight (C, C), bias (C,).
"""

from minihit.layers import linear
from minihit.ops import gelu


def position_forward(params, x):
    """y = x + position; params {"position"}. Returns y and a cache."""
    return x + params["position"], {}


def position_backward(dy, cache):
    """Returns dx and {"position"}."""
    return dy, {"position": dy.sum(axis=0, keepdims=True)}


def skip_forward(params, x):
    """y = x + gelu(linear(x)); params {"weight", "bias"} are those of linear."""
    h, linear_cache = linear.forward(params, x)
    h, gelu_cache = gelu.forward(h)
    return x + h, {"linear": linear_cache, "gelu": gelu_cache}


def skip_backward(dy, cache):
    """Returns dx and {"weight", "bias"}. The backward passes of linear and of gelu are there to be called."""
    dh = gelu.backward(dy, cache["gelu"])
    dx, grads = linear.backward(dh, cache["linear"])
    return dy + dx, grads
