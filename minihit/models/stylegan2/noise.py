"""What is random in a picture of StyleGAN2: its latent, and a map of noise for each convolution.

Shapes: z (B, latent); noise, a list of (B, side, side), side by side of config.noise_sides; fixed maps (1, side, side).
"""

from functools import cache

import numpy as np

from minihit.backend import array_module

SEED = 0                                                                  # of the maps that all pictures share


def draw(rng, batch, config):
    """{"z", "noise"}: host arrays of N(0, 1), float32."""
    z = rng.standard_normal((batch, *config.z_shape), dtype="float32")
    return {"z": z, "noise": [rng.standard_normal((batch, side, side), dtype="float32")
                              for side in config.noise_sides]}


def fixed(config, like):
    """The maps of evaluation, the same for every image and in every process, on the device and in the dtype of like."""
    return _fixed(config.noise_sides, array_module(like), like.dtype)


@cache
def _fixed(sides, xp, dtype):
    """Brought to the device once, not with every picture."""
    rng = np.random.default_rng(SEED)
    return [xp.asarray(rng.standard_normal((1, side, side), dtype=np.float32), dtype) for side in sides]
