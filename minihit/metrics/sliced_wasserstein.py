"""Sliced Wasserstein distance between two sets of images, scale by scale (Karras et al. 2018, section 5).

Each image becomes a Laplacian pyramid, each level of it a bag of 7 x 7 patches. Two bags are compared as clouds of
points: along many random directions, sorted projections of the one are subtracted from those of the other. Fine levels
compare texture, the coarsest level compares shapes and colours. It needs no trained network, and 0 is perfect.

One thing differs from the authors' code, which shifts and scales each set of patches to mean 0 and standard deviation 1
per channel by its own statistics, so that a set with other colours or other contrast than the real one looks perfect.
Here the real set's statistics are used for both: colour and contrast count, and the unit, a thousandth of the
real standard deviation, stays the same for all sets compared with one real set. Statistics of both sets pooled would
notice colours too, but noise would then stretch its own ruler. The price: the two sets are not interchangeable.

Shapes: images (N, H, W, 3) float32; patches (N * 128, 147); directions (147, 128).
"""

import numpy as np

from minihit.backend import array_module

SMALLEST_LEVEL = 16
PATCH = 7
PATCHES_PER_IMAGE = 128
REPEATS, DIRECTIONS = 4, 128  # 512 directions, in parts that fit in memory
UNIT = 1e3
SMALLEST_STD = 1e-8


def sliced_wasserstein(real_images, other_images, rng):
    """Distance of `other_images` from `real_images`, times 1000, at each level and on average.

    Both are float32 (N, H, W, 3), NumPy or CuPy, equally many; rng: np.random.Generator of patches and directions.
    Both sets are cut at the same places, so a set is at distance 0 from itself.
    Returns for 32-pixel images {"16": ..., "32": ..., "average": ...}, floats.
    """
    if real_images.shape != other_images.shape:
        raise ValueError(f"the sets must have one shape, not {real_images.shape} and {other_images.shape}")
    distances = {}
    for real, other in zip(laplacian_pyramid(real_images), laplacian_pyramid(other_images), strict=True):
        size = min(real.shape[1:3])
        places = draw_places(rng, real.shape)
        distances[str(size)] = UNIT * cloud_distance(*normalised(patches(real, places), patches(other, places)), rng)
    distances = dict(reversed(distances.items()))
    return distances | {"average": sum(distances.values()) / len(distances)}


def laplacian_pyramid(images):
    """Levels of halving size, finest first (Burt & Adelson 1983): each less what the next holds, the last one whole."""
    levels = [images]
    while min(levels[-1].shape[1:3]) >= 2 * SMALLEST_LEVEL:
        smaller = blur(levels[-1])[:, ::2, ::2]
        levels[-1] = levels[-1] - enlarge(smaller, levels[-1].shape)
        levels.append(smaller)
    return levels


def blur(images):
    """Binomial filter [1 4 6 4 1] / 16 along both axes, mirrored at the border: (N, H, W, C) -> the same."""
    xp = array_module(images)
    for axis in (1, 2):
        wide = xp.moveaxis(images, axis, 0)
        wide = xp.pad(wide, ((2, 2), (0, 0), (0, 0), (0, 0)), mode="reflect")
        blurred = (wide[:-4] + wide[4:]) / 16 + (wide[1:-3] + wide[3:-1]) / 4 + wide[2:-2] * 0.375
        images = xp.moveaxis(blurred, 0, axis)
    return images


def enlarge(images, shape):
    """To twice the size: zeros between the pixels, blurred, times 4 to keep the brightness."""
    sparse = array_module(images).zeros(shape, images.dtype)
    sparse[:, ::2, ::2] = 4.0 * images
    return blur(sparse)


def draw_places(rng, shape):
    """Where patches begin: image, row and column, each int64 (N * 128,)."""
    count, height, width, _ = shape
    total = count * PATCHES_PER_IMAGE
    image = np.repeat(np.arange(count), PATCHES_PER_IMAGE)
    return image, rng.integers(height - PATCH + 1, size=total), rng.integers(width - PATCH + 1, size=total)


def patches(images, places):
    """The 7 x 7 patches at `places`: (N * 128, C, 49)."""
    xp = array_module(images)
    windows = xp.lib.stride_tricks.sliding_window_view(images, (PATCH, PATCH), axis=(1, 2))  # (N, H-6, W-6, C, 7, 7)
    image, row, column = (xp.asarray(axis) for axis in places)
    return windows[image, row, column].reshape(len(image), images.shape[-1], PATCH * PATCH)


def normalised(real, other):
    """Both with the real set's mean and deviation per channel taken out: (M, C * 49) each."""
    mean = real.mean(axis=(0, 2), keepdims=True)  # (1, C, 1)
    std = real.std(axis=(0, 2), keepdims=True).clip(SMALLEST_STD)
    return [((x - mean) / std).reshape(len(x), -1) for x in (real, other)]


def cloud_distance(a, b, rng):
    """Mean Wasserstein-1 distance of two clouds of points (M, D) over 512 random directions; symmetric."""
    xp = array_module(a)
    total = 0.0
    for _ in range(REPEATS):
        directions = rng.standard_normal((DIRECTIONS, a.shape[1]), dtype=np.float32)
        directions /= np.linalg.norm(directions, axis=1, keepdims=True)
        directions = xp.asarray(directions)
        on_a, on_b = (xp.sort(xp.matmul(directions, x.T), axis=1) for x in (a, b))  # (128, M)
        total += abs(on_a - on_b).mean()
    return float(total) / REPEATS
