"""Is it getting better? The sliced Wasserstein distance of samples from held-out images, beside that of real images.
Is it learning by heart? The distance of samples from the nearest training images, beside that of held-out images.

Shapes: images (N, S, S, 3) in [-1, 1] on the host.
"""

from typing import NamedTuple

import numpy as np

from minihit.backend import device_module
from minihit.batches import SIDE_BY_SIDE, at_most
from minihit.comparing.measures import CHUNK_PIXELS, NEIGHBOURS
from minihit.data.dataset import ImageSet, gather
from minihit.metrics.nearest_neighbour import nearest
from minihit.metrics.sliced_wasserstein import sliced_wasserstein
from minihit.sampling import samples
from minihit.show.images import to_float, to_uint8

FEWEST = 10                                                               # images whose neighbours are looked for
_STREAM = 1                                                               # of random numbers, beside those of the steps


def distance(tree, config, device, seed, held_out):
    """{"swd_16": ..., "swd": average} of as many samples from {"params", "averages"} as there are held-out images."""
    images, rng = drawn(tree, config, device, seed, len(held_out))
    return _named(sliced_wasserstein(to_float(held_out), images, rng), "swd")


def drawn(tree, config, device, seed, count):
    """(the samples that a run is measured by, float32, the Generator behind their latents): of a seed always the same,
    however many."""
    rng = generator(seed)
    z = rng.standard_normal((count, *config.z_shape), dtype=np.float32)
    return samples(tree, z, config, device), rng


def real_distance(data, seed, held_out):
    """The same of real images: what a perfect generator would reach."""
    real = to_float(data.take(0, len(held_out)))
    return _named(sliced_wasserstein(to_float(held_out), real, generator(seed)), "swd_real")


def generator(seed):
    """Of all that is drawn for a measurement: the latents of samples, the patches and directions of a distance."""
    return np.random.default_rng([seed, _STREAM])


class Neighbours(NamedTuple):
    """Images, the training image nearest to each, both uint8 (N, S, S, 3), and their distances (N,)."""

    images: np.ndarray
    nearest: np.ndarray
    distances: np.ndarray


def neighbours(tree, config, device, seed, data, on_device=None):
    """{"neighbour": Neighbours of the first samples that distance draws, "neighbour_real": those of held-out images}.

    on_device: the data set's images on the device. {} for images without end; without "neighbour_real" where none are
    held out.
    """
    if not isinstance(data, ImageSet):
        return {}
    count = compared(data.size)
    shown = {"neighbour": to_uint8(drawn(tree, config, device, seed, count)[0])}
    if data.validation is not data.training:
        shown["neighbour_real"] = data.held_out(min(count, len(data.validation)))
    xp = device_module(device)
    numbers, distances = nearest(xp.asarray(to_float(np.concatenate([*shown.values()]))), _chunks(data, on_device, xp))
    parts = np.split(np.arange(len(numbers)), np.cumsum([len(images) for images in shown.values()])[:-1])
    return {name: Neighbours(images, _training(data, numbers[part]), distances[part])
            for (name, images), part in zip(shown.items(), parts, strict=True)}


def compared(size):
    """How many images of that side have their neighbours looked for, fewer of large ones."""
    return max(FEWEST, at_most(NEIGHBOURS, size, SIDE_BY_SIDE))


def nearness(found):
    """Medians of the distances, and their ratio: near 1 where samples are as new as held-out images, near 0 where they
    are copies."""
    medians = {name: float(np.median(part.distances)) for name, part in found.items()}
    real = medians.get("neighbour_real")
    return {**medians, "neighbour_ratio": medians["neighbour"] / real} if real else medians


def _chunks(data, on_device, xp):
    """All training images, a few at a time, on the device."""
    data.check()
    count = max(1, CHUNK_PIXELS // data.size**2)
    for start in range(0, len(data.training), count):
        numbers = np.arange(start, min(start + count, len(data.training)))
        yield xp.asarray(_training(data, numbers)) if on_device is None else _training(data, numbers, on_device)


def _training(data, numbers, images=None):
    """Training images by their number, cropped in the middle."""
    return gather(data.images if images is None else images, data.central(data.training[numbers]), data.size)


def _named(distances, name):
    levels = {f"{name}_{level}": value for level, value in distances.items() if level != "average"}
    return {name: distances["average"], **levels}
