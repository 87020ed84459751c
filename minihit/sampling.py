"""Pictures from the generator of a run: latents from seeds, paths between them, images.

Shapes: z (n, latent), or grids (n, G, G, latent); images (n, size, size, 3), float32 on the host, not clipped.
"""

import itertools
import math

import numpy as np

from minihit import batches, models, objectives, parallel
from minihit.errors import UserError

_PARALLEL = 2e-3                                                          # sine taken for none: float32 knows no less


def sampled(preset):
    """(name, configuration) of the network that makes pictures of normal latents. Raises UserError where none does."""
    name = objectives.of(preset).SAMPLED
    if name is None:
        raise UserError("codes of a VQ-VAE have no prior to draw samples from: rebuild pictures with "
                        "minihit reconstruct, or walk between two with minihit interpolate --pictures")
    return name, preset.networks[name]


def truncated(config, truncation):
    """The options of images for how much of its distance from the mean a w of StyleGAN2 keeps (Karras et al. 2019,
    section 3.1), {} for None. Raises UserError for another network's."""
    if truncation is None:
        return {}
    if config.kind != "stylegan2":
        raise UserError("--truncation draws the w of a StyleGAN2 nearer to their mean, and this run has another "
                        "generator: leave it out")
    if not math.isfinite(truncation):
        raise UserError(f"--truncation is {truncation}: it must be a number, such as 0.7")
    return {"truncation": truncation}


def images(params, averages, config, z, device="cpu", **options):
    """Images of the latents z, host arrays, in evaluation; params and averages lie on the device; options: of the
    network's generate, such as those of truncated.

    On the CPU an image depends on its latent alone, to the last bit. They are made one at a time on every thread: a
    product over more rows is blocked differently, adds its terms in another order and rounds otherwise. On a GPU, which
    makes batches of one shape, it depends on its latent alone to rounding, and to the last bit in the same place of a
    batch, whatever the others are: see minihit/batches.py.
    """
    return np.concatenate([*_made(params, averages, config, z, device, alone=True, **options)])


def samples(tree, z, config, device="cpu"):
    """Images of the latents z (host), on the CPU a few at a time: quicker than `images`, but the last bits depend on
    the others. On a GPU they are those of `images`.

    tree: {"params", "averages"} on the device.
    """
    return np.concatenate([*_made(tree["params"], tree["averages"], config, z, device)])


def stream(params, averages, config, z, device="cpu", **options):
    """Yield the image of each of the latents z, an iterable that may be long, as `images` makes it."""
    def on_threads(z):
        return images(params, averages, config, z, **options)

    if device == "cpu":
        count = batches.at_most(parallel.cores(), config.size, batches.SIDE_BY_SIDE)
        parts = map(on_threads, batches.stacked(z, count))
    else:
        parts = _made(params, averages, config, z, device, **options)
    return itertools.chain.from_iterable(parts)


def _made(params, averages, config, z, device, alone=False, **options):
    """Yield the images of the latents z, a batch at a time."""
    def generated(z):
        return models.of(config).generate(params, z, config, averages, **options)

    return batches.run(generated, z, [config], config.size, device, alone)


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


def straight(a, b, t):
    """The straight line from a at t = 0 to b at t = 1."""
    return (1.0 - t) * a + t * b


def loop(z, frames, arc=slerp):
    """A closed path through the latents z, `frames` steps from each to the next and from the last to the first.

    arc: the path between two of them, slerp or straight.

    Returns (n * frames, ..., latent); row i * frames is z[i].
    """
    t = (np.arange(frames, dtype=np.float32) / frames).reshape(-1, *[1] * (z.ndim - 1))
    return np.concatenate([arc(a, b, t) for a, b in zip(z, np.roll(z, -1, axis=0), strict=True)])


def _norm(x):
    return np.maximum(np.sqrt((x * x).sum(axis=-1, keepdims=True)), np.finfo(x.dtype).tiny)
