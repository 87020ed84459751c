"""Exercise 0: nudge a number (tutorials/00_nudge_a_number.py).

Put your lines in the place of each NotImplementedError; then ask: minihit learn check 0

Write numerical_gradient, and then find with it which of three backward passes is wrong.
"""

import numpy as np


def numerical_gradient(function, x, h=1e-5):
    """The gradient of function, which returns a number, at x: for each value of x how much the number moves with it.

    From four points, x + h, x - h, x + 2h and x - 2h, whose error falls as h^4. Leave x as it was.
    """
    raise NotImplementedError("numerical_gradient")


def given_forward(x):
    """y = x tanh(s), where s is the sum of the row."""
    total = x.sum(axis=-1, keepdims=True)
    return x * np.tanh(total), {"x": x, "total": total}


def backward_a(dy, cache):
    x, tanh = cache["x"], np.tanh(cache["total"])
    return dy * tanh + (dy * x).sum(axis=-1, keepdims=True) * (1 - tanh**2)


def backward_b(dy, cache):
    x, tanh = cache["x"], np.tanh(cache["total"])
    return dy * tanh + dy * x * (1 - tanh**2)


def backward_c(dy, cache):
    x, total = cache["x"], cache["total"]
    return dy * np.tanh(total) + (dy * x).sum(axis=-1, keepdims=True) / np.cosh(total)**2


ANSWER = None                                                             # "a", "b" or "c": the one that is wrong
