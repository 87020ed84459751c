"""How near is the nearest training image? Of samples that is what memorising shows, of held-out images the yardstick.

Images are compared by the means of a 16 x 16 grid, in which a copy that is noisy, sharper or softer stays a copy. The
distance is the root mean square difference of these means, of the image or its mirror image, whichever is nearer;
black and white are 2 apart.

Shapes: images (N, S, S, 3) in [-1, 1]; means (N, D), D = 16 * 16 * 3, or S * S * 3 where S is smaller.
"""

import numpy as np

from minihit.backend import array_module, to_host
from minihit.show.images import to_float

GRID = 16


def nearest(images, references):
    """The nearest reference of each image: its number, int64 (N,), and its distance, float32 (N,), host arrays.

    images: float32 (N, S, S, 3); references: chunks, uint8 (M, S, S, 3) each, counted through, on the same device.
    No more than one chunk is held at a time.
    """
    xp = array_module(images)
    wanted = xp.concatenate([block_means(images), block_means(images[:, :, ::-1])])        # (2N, D)
    rows, score = xp.arange(len(wanted)), xp.full(len(wanted), np.inf, np.float32)
    found, number, first = xp.zeros_like(wanted), xp.zeros(len(wanted), np.int64), 0
    for chunk in references:
        means = block_means(to_float(chunk))                                               # (M, D)
        scores = (means * means).sum(axis=1) - 2.0 * (wanted @ means.T)                    # distance^2 - |wanted|^2
        best = scores.argmin(axis=1)
        nearer = scores[rows, best] < score
        score = xp.where(nearer, scores[rows, best], score)
        number = xp.where(nearer, first + best, number)
        found = xp.where(nearer[:, None], means[best], found)
        first += len(chunk)
    distance = xp.sqrt(((wanted - found) ** 2).mean(axis=1))                               # exact where it is small
    distance, number = to_host(distance).reshape(2, -1), to_host(number).reshape(2, -1)
    way = distance.argmin(axis=0), np.arange(len(images))
    return number[way], distance[way]


def block_means(images):
    """(N, S, S, 3) -> (N, D). Rows first, which lie together: four times as fast as both at once."""
    count, side = images.shape[:2]
    grid = min(side, GRID)
    block = side // grid
    rows = images.reshape(count, grid, block, side * 3).sum(axis=2)
    return rows.reshape(count, grid, grid, block, 3).sum(axis=3).reshape(count, -1) / block**2
