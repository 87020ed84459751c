"""HiT's generator (paper, figure 1): latent z to image, self-attention at low resolutions, no convolution anywhere.

Shapes: z (B, latent), or a grid (B, G, G, latent), as a decoder reads it; image (B, size, size, 3), not clipped. The
stem makes the first map and the tokens of z, the trunk the image of these.
"""

from minihit.layers import batch_norm, linear
from minihit.layers.norm import How
from minihit.models.hit import stem, trunk
from minihit.sums import alone


def init(rng, config):
    """Host arrays, float32: truncated normal of std 0.02 for kernels and positions, zero biases."""
    return {**stem.init(rng, config), "stages": trunk.init(rng, config)}


def init_averages(config, rng=None):
    """The running averages of batch norm, a tree with the keys of the norms; without leaves for layer norm."""
    return {"stages": trunk.init_averages(config), **stem.init_averages(config)}


def draw(rng, batch, config):
    """{"z"}: all that images are made of in training, as host arrays: standard normal, float32."""
    return {"z": rng.standard_normal((batch, *config.z_shape), dtype="float32")}


def forward(params, z, config, averages=None, total=alone):
    """Images and cache. Batch norm uses the statistics of this batch, or in evaluation the running averages."""
    how = How(config.norm, averages, total)
    x, tokens, cache = stem.forward(params, z, how)
    image, cache["stages"] = trunk.forward(params["stages"], x, tokens, config, how.at("stages"))
    return image, cache


def backward(dimage, cache):
    """Returns dz, grads."""
    dx, dtokens, stages = trunk.backward(dimage, cache["stages"])
    dz, grads = stem.backward(dx, dtokens, cache)
    return dz, {**grads, "stages": stages}


def last_gradient(dimage, cache):
    """The weight's gradient, an array, of the last linear layer alone: that of the last stage's colour head."""
    return linear.weight_gradient(dimage, cache["stages"][-1]["to_rgb"]["linear"])["weight"]


def update_averages(averages, cache, share=1.0):
    """The running averages after a training batch, times the share of it that the cache is of."""
    return batch_norm.fold(averages, cache, share)


def generate(params, z, config, averages, pixels=None):
    """Images in evaluation, without a cache, strip by strip: see trunk.generate."""
    how = How(config.norm, averages)
    x, tokens, _ = stem.forward(params, z, how)
    return trunk.generate(params["stages"], x, tokens, config, how.at("stages"), pixels)
