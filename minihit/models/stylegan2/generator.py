"""StyleGAN2's generator (Karras et al. 2020): latent z to w to image.

Shapes: z (B, latent); w (B, width); image (B, size, size, 3), not clipped.

Weights are stored as N(0, 1) and scaled when they are used (equalised learning rate, Karras et al. 2018, section 4.1).
"""

from minihit import initializers, tree
from minihit.models.discriminator import equalize
from minihit.models.stylegan2 import mapping, synthesis
from minihit.models.stylegan2.noise import fixed
from minihit.ops.blend import blend
from minihit.sums import alone

KEEP = 0.995                                                              # what the average of w keeps in a step


def init(rng, config):
    """Host arrays, float32: standard normal kernels and first map, biases zero, but one for styles."""
    return {"mapping": mapping.init(rng, config), **synthesis.init(rng, config)}


def init_averages(config, rng=None):
    """{"w"}: the moving average of what the mapping makes, for truncation."""
    return {"w": initializers.zeros(config.width)}


def forward(params, z, config, averages=None, total=alone, noise=None):
    """Images and cache; noise None: the fixed maps of evaluation.

    averages and total are HiT's, for calls alike: nothing here depends on the rest of a batch.
    """
    params, cache = scaled(params, config), {"config": config}
    cache["w"], cache["mapping"] = mapping.forward(params["mapping"], z)
    image, cache["blocks"] = synthesis.forward(params, cache["w"], fixed(config, z) if noise is None else noise)
    return image, cache


def backward(dimage, cache):
    """Returns dz, grads."""
    dw, grads = synthesis.backward(dimage, cache["blocks"])
    dz, of_mapping = mapping.backward(dw, cache["mapping"])
    return dz, scaled({"mapping": of_mapping, **grads}, cache["config"])


def update_averages(averages, cache, share=1.0):
    """The running average of w after a training batch, times the share of it that the cache is of."""
    return {"w": blend(averages["w"], cache["w"].mean(axis=0), KEEP, share)}


def generate(params, z, config, averages, truncation=1.0):
    """Images in evaluation, without a cache. truncation: how much of its distance from the average a w keeps."""
    params = scaled(params, config)
    w, _ = mapping.forward(params["mapping"], z)
    if truncation != 1.0:
        w = averages["w"] + truncation * (w - averages["w"])
    return synthesis.generate(params, w, fixed(config, z))


def scaled(params, config):
    """Every kernel over the root of its fan-in, the mapping times its rate; diagonal, so its own backward."""
    return {"mapping": tree.map(lambda leaf: config.mapping_rate * leaf, equalize(params["mapping"])),
            "constant": params["constant"], "blocks": equalize(params["blocks"])}
