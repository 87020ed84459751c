"""The rotation trick (Fifty et al. 2024): a vector turned and stretched until it is its code, s R z = e.

    R = I - 2 w w^T + 2 e^ z^^T,  z^ = z / |z|,  e^ = e / |e|,  w = (z^ + e^) / |z^ + e^|,  s = |e| / |z|.

With R and s held fixed, dz = s R^T dq meets z at the angle at which dq meets e.

Shapes: z, codes, x, dq (..., D).
"""

from minihit.backend import array_module

SHORTEST = 1e-6                                                           # length that is divided by: nothing explodes


def rotation(z, codes):
    """{"scale" (..., 1), "source", "target", "between" (..., D)}: s, z^, e^ and w."""
    (source, length), (target, wanted) = _unit(z), _unit(codes)
    return {"scale": wanted / length, "source": source, "target": target, "between": _unit(source + target)[0]}


def rotated(x, held):
    """s R x."""
    source, target, between = held["source"], held["target"], held["between"]
    return held["scale"] * (x - 2.0 * between * _dot(between, x) + 2.0 * target * _dot(source, x))


def rotated_back(dq, held):
    """s R^T dq."""
    source, target, between = held["source"], held["target"], held["between"]
    return held["scale"] * (dq - 2.0 * between * _dot(between, dq) + 2.0 * source * _dot(target, dq))


def _unit(x):
    """x over its length, and the length."""
    xp = array_module(x)
    length = xp.maximum(xp.sqrt(_dot(x, x)), SHORTEST)
    return x / length, length


def _dot(a, b):
    return (a * b).sum(axis=-1, keepdims=True)
