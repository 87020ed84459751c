"""Whole networks in the table, one small one for each option; and penalties through D, gradients of a gradient."""

from dataclasses import replace
from types import SimpleNamespace

from minihit.gradcheck.checks import Check
from minihit.models import discriminator, hit, of
from minihit.models.autoencoder import decoder, encoder
from minihit.models.autoencoder.config import ConvolutionalDecoderConfig, EncoderConfig
from minihit.models.discriminator.config import DiscriminatorConfig
from minihit.models.hit.config import GeneratorConfig
from minihit.objectives import penalties

BASE = GeneratorConfig(latent=3, channels=(4, 6), layers=(2, 1), heads=(2, 3), windows=(4, None), tokens=3)
GENERATORS = {
    "base": BASE,
    "layer norm": replace(BASE, norm="layer"),
    "multi-head": replace(BASE, multi_query=False),
    "no cross-attention": replace(BASE, cross_attention=False),
    **{attention: replace(BASE, attention=attention) for attention in ("block", "grid", "axial", "full", "none")},
    "no widening": replace(BASE, channels=(16, 4), layers=(1, 1), heads=(4, 2)),
    "windows to the end": replace(BASE, channels=(4, 4), layers=(1, 1), heads=(2, 2), windows=(4, 8)),
    "image from two stages": replace(BASE, layers=(1, 1), windows=(None, None)),
}

PLAIN = DiscriminatorConfig(channels=(3, 5, 4))
DISCRIMINATORS = {
    "blur": PLAIN,
    "average": replace(PLAIN, downsample="average"),
    "equalised": replace(PLAIN, equalized=True),
    "stddev": replace(PLAIN, minibatch_stddev=True),
    "everything": DiscriminatorConfig((3, 5, 4), downsample="average", equalized=True, minibatch_stddev=True),
}
PHOTOS = (4, 16, 16, 3)

ENCODER = EncoderConfig(size=16, channels=(3, 5), out=3, blocks=0)
ENCODERS = {
    "plain": ENCODER,
    "residual": replace(ENCODER, channels=(3, 8), blocks=2),
    "vector": replace(ENCODER, spatial=False),
    "residual, vector": replace(ENCODER, channels=(4,), blocks=1, spatial=False),
}
DECODER = ConvolutionalDecoderConfig(size=16, latent=3, channels=(5, 4, 6), blocks=0)
DECODERS = {
    "plain": DECODER,
    "residual": replace(DECODER, channels=(8, 4), blocks=2),
    "vector": replace(DECODER, spatial=False),
    "residual, vector": replace(DECODER, channels=(4,), blocks=1, spatial=False),
}


def network(layer, config, *shapes, **options):
    """The Check of a layer whose parameters are those of the network that the configuration describes."""
    return Check(layer, shapes, lambda rng: of(config).init(rng, config), {"config": config, **options}, network=True)


def latents(config):
    """The shape of two latents of a convolutional decoder."""
    return (2, config.start, config.start, config.latent) if config.spatial else (2, config.latent)


def through_d(penalty, cost=1.0):
    """A penalty on D's image gradient as a function of D's parameters, as training uses it."""
    def forward(params, images, config):
        _, cache = discriminator.forward(params, images, config)
        of_logits = discriminator.logit_gradients(cache)
        value, dgradient = penalty(of_logits[0], cost)
        return value, {"cache": cache, "of_logits": of_logits, "dgradient": dgradient}

    def backward(dvalue, cache):
        dlogits = 0.0 * cache["of_logits"][0][:, 0, 0, 0]
        return discriminator.loss_gradients(dlogits, cache["cache"], cache["of_logits"], dvalue * cache["dgradient"])

    return SimpleNamespace(forward=forward, backward=backward)


def _images(rng):
    return rng.standard_normal(PHOTOS)


NETWORKS = {
    **{f"generator, {name}": network(hit, config, (2, 3)) for name, config in GENERATORS.items()},
    **{f"discriminator, {name}": network(discriminator, config, PHOTOS) for name, config in DISCRIMINATORS.items()},
    **{f"encoder, {name}": network(encoder, config, (2, 16, 16, 3)) for name, config in ENCODERS.items()},
    **{f"convolutional_decoder, {name}": network(decoder, config, latents(config))
       for name, config in DECODERS.items()},
    **{f"{penalty.__name__}, through D, {name}": network(through_d(penalty), config, images=_images)
       for penalty in (penalties.r1, penalties.wgan_gp) for name, config in DISCRIMINATORS.items()},
}
