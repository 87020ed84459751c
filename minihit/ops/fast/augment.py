"""The colours of DiffAugment, what follows their means fused on a GPU.

Shapes: x, y (B, S, S, 3); factor (B,).
"""

from minihit.backend import fused
from minihit.ops.augment import per_image


def stretch(x, factor, axis):
    return _stretch(x, x.mean(axis=axis, keepdims=True), per_image(factor, x))


@fused
def _stretch(x, mean, factor):
    return (x - mean) * factor + mean
