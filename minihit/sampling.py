"""Pictures from the generator of a run: latents from seeds, paths between them, images.

Shapes: z (n, latent), or grids (n, G, G, latent); images (n, size, size, 3), float32 on the host, not clipped.
"""

import numpy as np

from minihit import models, parallel
from minihit.backend import device_module, to_device, to_host
from minihit.training.run import checkpoint
from minihit.training.run.config import read_config

SIDE_BY_SIDE = 256                                                        # side of images made on all threads, at most
_PARALLEL = 1e-6                                                          # sine of an angle that counts as none


def load_generator(folder, device="cpu", raw=False, report=print):
    """(RunConfig, {"params", "averages"} on the device, step) of a run's newest whole checkpoint.

    folder: RunFolder. The moving average (EMA) of the generator, or with raw the weights that Adam left.
    Raises UserError where the folder holds no run or no whole checkpoint; a broken one is reported and passed over.
    """
    config, which = read_config(folder), "networks" if raw else "ema"
    like = {which: {"generator": models.first_values(None, config.preset.generator)}}
    arrays, facts = checkpoint.load_newest(folder.checkpoints, like, report)
    return config, to_device(arrays[which]["generator"], device), facts["step"]


def images(params, averages, config, z, device="cpu"):
    """Images of the latents z, host arrays, in evaluation; params and averages lie on the device.

    One at a time on every thread, so that an image depends on its latent alone, to the last bit: a product over more
    rows is blocked differently, adds its terms in another order and rounds otherwise. Images above SIDE_BY_SIDE take
    turns, since one fills the memory.
    """
    def image(i):
        return to_host(models.of(config).generate(params, to_device(z[i:i + 1], device), config, averages))

    numbers = range(len(z))
    if config.size > SIDE_BY_SIDE:
        return np.concatenate([image(i) for i in numbers])
    return np.concatenate(parallel.run(image, numbers, device_module(device), alike=True))


def latents(seeds, shape):
    """Standard normal latents (n, *shape), float32: each seed is always the same picture, whatever the others are."""
    return np.stack([np.random.default_rng(seed).standard_normal(shape, dtype=np.float32) for seed in seeds])


def slerp(a, b, t):
    """Spherical interpolation (Shoemake 1985) from a at t = 0 to b at t = 1.

    a, b: (..., latent); t: a scalar, or an array that broadcasts against them. Normal latents lie near a sphere: a
    straight line between two of them runs through its inside, where the generator has never been, this path near its
    surface. In a grid each position takes a path of its own. Latents of the same or of opposite direction, which no
    single arc joins, are joined by the straight line.
    """
    cosine = (a * b).sum(axis=-1, keepdims=True) / (_norm(a) * _norm(b))
    angle = np.arccos(np.clip(cosine, -1.0, 1.0))                          # (..., 1)
    sine = np.sin(angle)
    straight = sine < _PARALLEL
    sine = np.where(straight, 1.0, sine)
    from_a = np.where(straight, 1.0 - t, np.sin((1.0 - t) * angle) / sine)
    from_b = np.where(straight, t, np.sin(t * angle) / sine)
    return (from_a * a + from_b * b).astype(a.dtype)


def loop(z, frames):
    """A closed path through the latents z, `frames` steps from each to the next and from the last to the first.

    Returns (n * frames, *shape of a latent); row i * frames is z[i].
    """
    t = (np.arange(frames, dtype=np.float32) / frames).reshape(-1, *[1] * (z.ndim - 1))
    return np.concatenate([slerp(a, b, t) for a, b in zip(z, np.roll(z, -1, axis=0), strict=True)])


def _norm(x):
    return np.maximum(np.sqrt((x * x).sum(axis=-1, keepdims=True)), np.finfo(x.dtype).tiny)
