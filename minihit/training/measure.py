"""Is it getting better? The sliced Wasserstein distance of samples from held-out images, beside that of real images.

Shapes: images (N, S, S, 3) in [-1, 1] on the host.
"""

import numpy as np

from minihit.backend import device_module, to_host
from minihit.images import to_float
from minihit.metrics.sliced_wasserstein import sliced_wasserstein
from minihit.models import generator
from minihit.training import parallel

BATCH = 25
_STREAM = 1                                                               # of random numbers, beside those of the steps


def distance(tree, config, device, seed, held_out):
    """{"swd_16": ..., "swd": average} of as many samples from {"params", "averages"} as there are held-out images."""
    rng = np.random.default_rng([seed, _STREAM])
    z = rng.standard_normal((len(held_out), config.latent), dtype=np.float32)
    return _named(sliced_wasserstein(to_float(held_out), samples(tree, z, config, device), rng), "swd")


def real_distance(data, seed, held_out):
    """The same of real images: what a perfect generator would reach."""
    real, rng = to_float(data.take(0, len(held_out))), np.random.default_rng([seed, _STREAM])
    return _named(sliced_wasserstein(to_float(held_out), real, rng), "swd_real")


def samples(tree, z, config, device):
    """Host images for host latents, by the running averages, a few at a time."""
    xp = device_module(device)
    parts = [z[start:start + BATCH] for start in range(0, len(z), BATCH)]

    def part(z):
        return to_host(generator.generate(tree["params"], xp.asarray(z), config, tree["averages"]))

    return np.concatenate(parallel.run(part, parts, xp))


def _named(distances, name):
    levels = {f"{name}_{level}": value for level, value in distances.items() if level != "average"}
    return {name: distances["average"], **levels}
