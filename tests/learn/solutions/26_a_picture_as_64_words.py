"""Exercise 26: the nearest code, and a gradient that is wrong on purpose (tutorials/26_a_picture_as_64_words.py).

Shapes: z, codes, q (..., D); codebook (K, D).
"""


def quantize_forward(z, codebook):
    """q, for every vector the row of the codebook that is nearest to it, and a cache."""
    distances = ((z[..., None, :] - codebook)**2).sum(axis=-1)
    return codebook[distances.argmin(axis=-1)], {}


def quantize_backward(dq, cache):
    """dz, straight through."""
    return dq


def commitment(z, codes, cost):
    """cost * mean (z - codes)^2 over all values, the codes held fixed: (loss, dz)."""
    return cost * ((z - codes)**2).mean(), 2.0 * cost * (z - codes) / z.size


def codebook(z, codes):
    """mean (z - codes)^2 over all values, z held fixed: (loss, dcodes)."""
    return ((z - codes)**2).mean(), 2.0 * (codes - z) / z.size
