"""Structural similarity (Wang et al. 2004): do two images have the same means, contrasts and patterns, place by place?

Shapes: images, originals uint8 (N, H, W, 3), NumPy or CuPy; the result float64 (N,), one for each image, 1 where both
are equal.

As published: a Gaussian window of 11 x 11 pixels and deviation 1.5, covariances divided by its sum, and only places at
which it lies within the image. scikit-image's defaults are others.
"""

import math

import numpy as np

from minihit.backend import array_module
from minihit.errors import UserError
from minihit.metrics.psnr import RANGE, require_pairs

WINDOW, SIGMA = 11, 1.5
C1, C2 = (0.01 * RANGE) ** 2, (0.03 * RANGE) ** 2
_BELL = [math.exp(-0.5 * ((i - WINDOW // 2) / SIGMA) ** 2) for i in range(WINDOW)]
TAPS = [value / sum(_BELL) for value in _BELL]


def ssim(images, originals):
    """The mean over places and channels for each pair of images as they are stored, rounded to uint8.

    Raises UserError where the window is larger than the images, ValueError as psnr does.
    """
    require_pairs(images, originals)
    if min(images.shape[1:3]) < WINDOW:
        raise UserError(f"SSIM compares images of at least {WINDOW} x {WINDOW} pixels, and these have "
                        f"{images.shape[1]} x {images.shape[2]}: take larger ones")
    x, y = images.astype(np.float64), originals.astype(np.float64)
    mean_x, mean_y = windowed(x), windowed(y)
    variances = windowed(x * x + y * y) - mean_x**2 - mean_y**2            # of x and y, added
    covariance = windowed(x * y) - mean_x * mean_y
    brightness = (2.0 * mean_x * mean_y + C1) / (mean_x**2 + mean_y**2 + C1)
    return (brightness * (2.0 * covariance + C2) / (variances + C2)).mean(axis=(1, 2, 3))


def windowed(x):
    """Means under the window at every place that it fits in: (N, H, W, C) -> (N, H - 10, W - 10, C)."""
    for axis in (1, 2):
        pixels = array_module(x).lib.stride_tricks.sliding_window_view(x, WINDOW, axis=axis)       # (N, h, w, C, 11)
        x = sum(tap * pixels[..., i] for i, tap in enumerate(TAPS))
    return x
