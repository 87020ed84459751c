"""Small networks, one for each option, whose gradients take little time to check."""

from dataclasses import replace

from minihit.models.discriminator.config import DiscriminatorConfig
from minihit.models.hit.config import GeneratorConfig

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
