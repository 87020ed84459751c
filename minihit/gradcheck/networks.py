"""Whole networks in the table, one small one for each option; and penalties through D, gradients of a gradient."""

from dataclasses import replace
from types import SimpleNamespace

from minihit.gradcheck.checks import Check, normal
from minihit.gradcheck.comparison import perturb
from minihit.models import discriminator, hit, of, quantizer, stylegan2
from minihit.models.autoencoder import decoder, encoder
from minihit.models.autoencoder.config import ConvolutionalDecoderConfig, EncoderConfig
from minihit.models.discriminator.config import DiscriminatorConfig
from minihit.models.hit.config import GeneratorConfig
from minihit.models.quantizer.config import QuantizerConfig
from minihit.models.stylegan2.config import StyleGAN2Config
from minihit.objectives import bottleneck, penalties
from minihit.objectives.feature_matching import feature_matching

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
    "from a map of side 16": replace(BASE, start=16, channels=(4,), layers=(1,), heads=(2,), windows=(8,)),
    "of a grid, pooled tokens": replace(BASE, spatial=True, tokens=4),
    "of a grid, a token for each position": replace(BASE, spatial=True, start=4, tokens=16),
    "of a grid, no cross-attention": replace(BASE, spatial=True, cross_attention=False),
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

QUANTIZERS = {
    "averages": QuantizerConfig(codes=7, width=5),
    "gradient": QuantizerConfig(codes=7, width=5, learn="gradient"),
    "rotation": QuantizerConfig(codes=7, width=5, rotate=True),
}
VECTORS = (2, 3, 3, 5)

STYLEGAN2 = StyleGAN2Config(latent=4, width=5, channels=(6, 4, 3), mapping=2)
STYLEGAN2S = {
    "base": STYLEGAN2,
    "one width": replace(STYLEGAN2, latent=5, channels=(5, 5)),
    "one resolution": replace(STYLEGAN2, channels=(3,)),
    "one mapping layer": replace(STYLEGAN2, channels=(4, 6), mapping=1),
    "four mapping layers": replace(STYLEGAN2, channels=(4, 6), mapping=4),
    "mapping at full rate": replace(STYLEGAN2, channels=(6, 4), mapping_rate=1.0),
}


def network(layer, config, *shapes, **options):
    """The Check of a layer whose parameters are those of the network that the configuration describes."""
    return Check(layer, shapes, lambda rng: of(config).init(rng, config), {"config": config, **options}, network=True)


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


def codebook_through_codes():
    """The codebook's loss as a function of the codebook, each vector's code held fixed."""
    def forward(params, z, config, averages, frozen):
        _, cache = quantizer.forward(params, z, config, averages, frozen)
        value, dcodes = bottleneck.codebook(z, cache["codes"])
        return value, {"cache": cache, "dcodes": dcodes}

    def backward(dvalue, cache):
        return quantizer.backward(0.0 * cache["dcodes"], cache["cache"], dvalue * cache["dcodes"])[1]

    return SimpleNamespace(forward=forward, backward=backward)


def features_through_d():
    """Feature matching as a function of D's parameters and of the images that are to look like others."""
    def forward(params, images, config, real):
        logits, cache = discriminator.forward(params, images, config)
        value, dfeatures = feature_matching(real, discriminator.features(cache), cost=3.0)
        return value, {"cache": cache, "dfeatures": dfeatures, "no_dlogits": 0.0 * logits}

    def backward(dvalue, cache):
        dfeatures = [dvalue * dfeature for dfeature in cache["dfeatures"]]
        dimages, deltas = discriminator.input_gradient(cache["no_dlogits"], cache["cache"], dfeatures=dfeatures)
        return dimages, discriminator.weight_gradient(deltas, cache["cache"])

    return SimpleNamespace(forward=forward, backward=backward)


def _held(config):
    """Options of a quantiser: its averages, and an earlier call whose codes and rotations are held fixed."""
    def averages(rng):
        return perturb(quantizer.init_averages(config, rng), rng)

    def frozen(rng):
        params = perturb(quantizer.init(rng, config), rng)
        return quantizer.forward(params, rng.standard_normal(VECTORS), config, averages(rng))[1]

    return {"averages": averages, "frozen": frozen}


def _maps(rng):
    """What the blocks of these discriminators read."""
    return [rng.standard_normal((4, 16 >> i, 16 >> i, c)) for i, c in enumerate(PLAIN.channels[:-1])]


def _noise(config):
    """The noise of two images, as an option."""
    return {"noise": lambda rng: [rng.standard_normal((2, side, side)) for side in config.noise_sides]}


NETWORKS = {
    **{f"generator, {name}": network(hit, config, (2, *config.z_shape)) for name, config in GENERATORS.items()},
    **{f"discriminator, {name}": network(discriminator, config, PHOTOS) for name, config in DISCRIMINATORS.items()},
    **{f"encoder, {name}": network(encoder, config, (2, 16, 16, 3)) for name, config in ENCODERS.items()},
    **{f"convolutional_decoder, {name}": network(decoder, config, (2, *config.z_shape))
       for name, config in DECODERS.items()},
    **{f"stylegan2, {name}": network(stylegan2, config, (2, *config.z_shape), **_noise(config))
       for name, config in STYLEGAN2S.items()},
    "stylegan2, fixed noise": network(stylegan2, STYLEGAN2, (2, *STYLEGAN2.z_shape)),
    **{f"{penalty.__name__}, through D, {name}": network(through_d(penalty), config, images=normal(*PHOTOS))
       for penalty in (penalties.r1, penalties.wgan_gp) for name, config in DISCRIMINATORS.items()},
    **{f"quantizer, {name}": network(quantizer, config, VECTORS, **_held(config))
       for name, config in QUANTIZERS.items()},
    "codebook, through the quantizer": network(codebook_through_codes(), QUANTIZERS["gradient"], z=normal(*VECTORS),
                                               **_held(QUANTIZERS["gradient"])),
    **{f"feature_matching, through D, {name}": network(features_through_d(), config, PHOTOS, real=_maps)
       for name, config in DISCRIMINATORS.items()},
}
