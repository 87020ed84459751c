"""Vector quantisation: every vector becomes its nearest code (van den Oord et al. 2017), with a gradient all the same.

Shapes: z, q, codes (..., D), codebook (K, D), indices (...).

A nearest code does not move when z does a little: backward differentiates what stands in for it. Straight-through
(Bengio et al. 2013) it is z plus an offset that is held fixed, so dz = dq. With the rotation trick (Fifty et al. 2024)
it is s R z, where R turns z into the direction of its code, s stretches it to the same length, and both are held fixed:

    R = I - 2 w w^T + 2 e^ z^^T,  z^ = z / |z|,  e^ = e / |e|,  w = (z^ + e^) / |z^ + e^|,  s = |e| / |z|.

dz = s R^T dq then meets z at the angle at which dq meets e. In forward both are the code itself, to the bit.
"""

from minihit.backend import array_module

SHORTEST = 1e-6                                                           # length that is divided by: nothing explodes


def forward(z, codebook, rotate=False, frozen=None):
    """The codes and cache. frozen: the cache of an earlier call, whose indices, offsets or rotations are kept.

    Then q is what backward differentiates, so that finite differences can be compared with it.
    """
    if frozen is None:
        indices = nearest(z, codebook)
        codes = codebook[indices]
        held = {"rotation": rotation(z, codes)} if rotate else {}
        return codes, {"z": z, "indices": indices, "codes": codes, **held}
    q = rotated(z, frozen["rotation"]) if rotate else z + (frozen["codes"] - frozen["z"])
    return q, {**frozen, "z": z, "codes": codebook[frozen["indices"]]}


def backward(dq, cache):
    """Returns dz. What moves the codes is a loss of its own, or an average: see minihit/models/quantizer."""
    return rotated_back(dq, cache["rotation"]) if "rotation" in cache else dq


def nearest(z, codebook):
    """The index of the code with the least |e - z|^2, less |z|^2, which is the same for all; the first of equal ones.
    """
    distances = z.reshape(-1, z.shape[-1]) @ (-2.0 * codebook.T)          # (rows, K)
    distances += (codebook * codebook).sum(axis=1)
    return distances.argmin(axis=1).reshape(z.shape[:-1])


def one_hot(indices, count, dtype):
    """(..., K): one at the index, zero elsewhere; all zero for an index of -1.

    A product with it adds up what belongs to each code in an order of its own. A GPU's scatter-add has no order, and
    so no bits that come again.
    """
    return (indices[..., None] == array_module(indices).arange(count)).astype(dtype)


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
