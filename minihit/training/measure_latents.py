"""What an autoencoder keeps of held-out images, and what it says of them in its latents.

Shapes: images (N, S, S, 3) uint8 on the host.
"""

import numpy as np

from minihit import autoencoding
from minihit.metrics.psnr import psnr
from minihit.metrics.sliced_wasserstein import sliced_wasserstein
from minihit.metrics.ssim import ssim
from minihit.models.quantizer import usage
from minihit.show.images import to_float, to_uint8

USED = 0.01                                                               # nats, above which a dimension says something
_STREAM = 3                                                               # of random numbers, beside those of the steps


def of_reconstructions(networks, preset, device, seed, images):
    """The likeness of images and what a run's networks make of them."""
    rebuilt, _ = autoencoding.reconstruct(networks, to_float(images), preset, device)
    return likeness(images, rebuilt, seed)


def likeness(images, rebuilt, seed):
    """{"psnr": dB, "ssim", "swd_rebuilt": distance of the reconstructions from these very images}, means over them.

    rebuilt: float32, as autoencoding.reconstruct returns them.
    """
    shown = to_uint8(rebuilt)
    distance = sliced_wasserstein(to_float(images), rebuilt, generator(seed))["average"]
    return {"psnr": float(psnr(shown, images).mean()), "ssim": float(ssim(shown, images).mean()),
            "swd_rebuilt": distance}


def generator(seed):
    """Of the patches and directions of a distance."""
    return np.random.default_rng([seed, _STREAM])


def of_codes(networks, preset, device, images):
    """The codes_in what a run's networks say of images."""
    _, facts = autoencoding.encode(networks, to_float(images), preset, device)
    return codes_in(facts, preset)


def codes_in(facts, preset):
    """{"codes_used": share of the codebook that any of the images needs, "perplexity": exp of the entropy of codes}."""
    used, perplexity = usage(facts["indices"], preset.quantizer.codes)
    return {"codes_used": float(used), "perplexity": float(perplexity)}


def of_dimensions(networks, preset, device, images):
    """The dimensions_in what a run's networks say of images."""
    _, facts = autoencoding.encode(networks, to_float(images), preset, device)
    return dimensions_in(facts)


def dimensions_in(facts):
    """{"kl_held_out": nats per image, "kl_dimensions": the same of every latent number, "dimensions_used": how many of
    them carry more than USED}."""
    mean, log_variance = facts["mean"], facts["log_variance"]
    nats = ((mean * mean + np.exp(log_variance) - 1 - log_variance) / 2).mean(axis=0, dtype=np.float64).ravel()
    return {"kl_held_out": float(nats.sum()), "kl_dimensions": [round(float(x), 4) for x in nats],
            "dimensions_used": int((nats > USED).sum())}
