"""Vector quantisation: every vector becomes its nearest code (van den Oord et al. 2017), with a gradient all the same.

Shapes: z, q, codes (..., D), codebook (K, D), indices (...).

A nearest code does not move when z does a little: backward differentiates what stands in for it. Straight-through
(Bengio et al. 2013) it is z plus an offset that is held fixed, so dz = dq. With the rotation trick (rotation.py) it is
z turned and stretched until it is its code. In forward both are the code itself, to the bit.
"""

from minihit.backend import array_module
from minihit.ops.matmul import matmul
from minihit.ops.rotation import rotated, rotated_back, rotation


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
    distances = matmul(z.reshape(-1, z.shape[-1]), -2.0 * codebook.T)     # (rows, K)
    distances += (codebook * codebook).sum(axis=1)
    return distances.argmin(axis=1).reshape(z.shape[:-1])


def one_hot(indices, count, dtype):
    """(..., K): one at the index, zero elsewhere; all zero for an index of -1.

    A product with it adds up what belongs to each code in an order of its own. A GPU's scatter-add has no order, and
    so no bits that come again.
    """
    return (indices[..., None] == array_module(indices).arange(count)).astype(dtype)
