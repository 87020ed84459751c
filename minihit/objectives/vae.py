"""A variational autoencoder (Kingma & Welling 2014): a picture as independent normal numbers, and back.

Shapes: images (B, S, S, 3) in [-1, 1]; statistics (B, ..., 2 latent): mean and log-variance; z, noise (B, ..., latent).

The loss is a bound on -log p(image), in nats per image: what the pixels still cost once z is known, plus beta times the
KL of z from N(0, I). Everything here is of one part of a batch, as in gan.py.
"""

from minihit import tree
from minihit.backend import array_module
from minihit.models.autoencoder import encoder
from minihit.objectives import adversary, autoencoder, bottleneck, reconstruction
from minihit.objectives.autoencoder import AVERAGED, couples, rates
from minihit.objectives.gan import settled
from minihit.ops import gaussian
from minihit.sums import alone

__all__ = ["AVERAGED", "PANELS", "SAMPLED", "SUMS", "couples", "draw", "encode", "gradients", "rates", "settled"]

SAMPLED = "decoder"                                                       # makes pictures of N(0, I)
PANELS = (("nats per image", ("pixels", "kl"), "linear"),
          ("differences of images", ("pyramid", "feature_matching"), "log"), *autoencoder.IMAGE_PANELS[1:])
SUMS = {"bound": ("pixels", "kl")}


def draw(rng, batch, preset, step):
    """All that differs from step to step, as host arrays: noise, and how far the discriminator is faded in."""
    noise = rng.standard_normal((batch, *preset.decoder.z_shape), dtype="float32")
    return {"noise": noise, **autoencoder.draw(rng, batch, preset, step)}


def gradients(networks, images, draws, preset, share=1.0, total=alone):
    """Returns grads {network: tree}, averages {network: its new running averages}, and metrics, as gan.gradients."""
    recipe, grads = preset.recipe, {}
    statistics, e_cache = encoder.forward(networks["encoder"]["params"], images, preset.encoder)
    mean, log_variance = split(statistics)
    z, z_cache = gaussian.forward(mean, log_variance, draws["noise"])
    image, d_cache = autoencoder.decode(networks, z, preset, total)
    kl, dmean_kl, dlog_variance_kl = bottleneck.kl(mean, log_variance)

    def pixels(image, original):
        return reconstruction.LIKELIHOODS[recipe.pixels](image, original, recipe.sigma or None, total)

    loudest = adversary.LARGEST * image[0].size                           # a sum over values, not their mean
    dimage, d_grads, metrics = autoencoder.image_terms(networks, image, images, pixels, d_cache, draws, preset, share,
                                                       total, loudest)
    dz, grads["decoder"], averages = autoencoder.decoder_backward(networks, dimage, d_cache, preset, share)
    dmean, dlog_variance = gaussian.backward(dz, z_cache)
    pull = share * recipe.beta
    dstatistics = join(dmean + pull * dmean_kl, dlog_variance + pull * dlog_variance_kl)
    _, grads["encoder"] = encoder.backward(dstatistics, e_cache)
    metrics = tree.elementwise(lambda x: share * x, {**metrics, "kl": kl})
    return {**grads, **d_grads}, {"decoder": averages}, metrics


def encode(networks, images, preset):
    """In evaluation: the latent that the decoder reads, here the mean, and {"mean", "log_variance"}."""
    statistics, _ = encoder.forward(networks["encoder"]["params"], images, preset.encoder)
    mean, log_variance = split(statistics)
    return mean, {"mean": mean, "log_variance": log_variance}


def split(statistics):
    """Mean and log-variance."""
    latent = statistics.shape[-1] // 2
    return statistics[..., :latent], statistics[..., latent:]


def join(dmean, dlog_variance):
    return array_module(dmean).concatenate([dmean, dlog_variance], axis=-1)
