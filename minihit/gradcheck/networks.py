"""Whole networks in the table, one small one for each option; and penalties through D, gradients of a gradient."""

from dataclasses import replace
from types import SimpleNamespace

from minihit.gradcheck.checks import Check
from minihit.models import discriminator, hit, of
from minihit.models.discriminator.config import DiscriminatorConfig
from minihit.models.hit.config import GeneratorConfig
from minihit.objectives import penalties
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


def _images(rng):
    return rng.standard_normal(PHOTOS)


def _maps(rng):
    """What the blocks of these discriminators read."""
    return [rng.standard_normal((4, 16 >> i, 16 >> i, c)) for i, c in enumerate(PLAIN.channels[:-1])]


NETWORKS = {
    **{f"generator, {name}": network(hit, config, (2, 3)) for name, config in GENERATORS.items()},
    **{f"discriminator, {name}": network(discriminator, config, PHOTOS) for name, config in DISCRIMINATORS.items()},
    **{f"{penalty.__name__}, through D, {name}": network(through_d(penalty), config, images=_images)
       for penalty in (penalties.r1, penalties.wgan_gp) for name, config in DISCRIMINATORS.items()},
    **{f"feature_matching, through D, {name}": network(features_through_d(), config, PHOTOS, real=_maps)
       for name, config in DISCRIMINATORS.items()},
}
