"""Exercise 26: the nearest code, and a gradient that is wrong on purpose (tutorials/26_a_picture_as_64_words.py).

Put your lines in the place of each NotImplementedError; then ask: minihit learn check 26

Shapes: z, codes, q (..., D); codebook (K, D).
"""


def quantize_forward(z, codebook):
    """q, for every vector the row of the codebook that is nearest to it, and a cache."""
    raise NotImplementedError("quantize_forward")


def quantize_backward(dq, cache):
    """dz, straight through."""
    raise NotImplementedError("quantize_backward")


def commitment(z, codes, cost):
    """cost * mean (z - codes)^2 over all values, the codes held fixed: (loss, dz)."""
    raise NotImplementedError("commitment")


def codebook(z, codes):
    """mean (z - codes)^2 over all values, z held fixed: (loss, dcodes)."""
    raise NotImplementedError("codebook")
