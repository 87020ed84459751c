"""Peak signal-to-noise ratio in decibels: how small the squared error is beside the range of the values.

Shapes: images, originals uint8 (N, H, W, 3), NumPy or CuPy; the result float64 (N,), one for each image.
"""

import numpy as np

from minihit.backend import array_module

RANGE = 255


def psnr(images, originals):
    """10 log10(255^2 / mean squared error) of each pair of images as they are stored, rounded to uint8; equal: inf.

    Raises ValueError for arrays that are not uint8, or not of one shape.
    """
    require_pairs(images, originals)
    difference = images.astype(np.float64) - originals
    error = (difference * difference).mean(axis=(1, 2, 3))
    with np.errstate(divide="ignore"):
        return 20.0 * np.log10(RANGE) - 10.0 * array_module(images).log10(error)


def require_pairs(images, originals):
    """Raise ValueError unless both are uint8 and of one shape."""
    if images.dtype != np.uint8 or originals.dtype != np.uint8:
        raise ValueError(f"images and originals must be uint8, not {images.dtype} and {originals.dtype}")
    if images.shape != originals.shape:
        raise ValueError(f"images and originals must have one shape, not {images.shape} and {originals.shape}")
