"""StyleGAN2's synthesis network: w and noise to an image, from a learnt 4 x 4 map up.

Every resolution adds colours to the image of those before, doubled and blurred (Karras et al. 2020, figure 7b, output
skips).

Shapes: w (B, width); noise, a list of (B, side, side) or (1, side, side), one for each convolution; constant (4, 4, C);
x (B, side, side, C); image (B, size, size, 3), not clipped.
"""

from itertools import pairwise

from minihit import initializers
from minihit.backend import array_module
from minihit.layers import styled_conv2d, styled_rgb
from minihit.ops import blur_upsample


def init(rng, config):
    """{"constant", "blocks"}: the parameters of each resolution are those of its convolutions and of its colours."""
    c, width = config.channels[0], config.width
    constant = initializers.standard_normal(rng, (4, 4, c))
    blocks = [{"conv1": styled_conv2d.init(rng, c, c, width), "to_rgb": styled_rgb.init(rng, c, width)}]
    for before, after in pairwise(config.channels):
        blocks.append({"conv0": styled_conv2d.init(rng, before, after, width),
                       "conv1": styled_conv2d.init(rng, after, after, width),
                       "to_rgb": styled_rgb.init(rng, after, width)})
    return {"constant": constant, "blocks": blocks}


def forward(params, w, noise):
    """Returns image, caches."""
    images, caches = zip(*_steps(params, w, noise), strict=True)
    return images[-1], list(caches)


def generate(params, w, noise):
    """The image, without caches."""
    image = None
    for step in _steps(params, w, noise):
        image, _ = step
    return image


def backward(dimage, caches):
    """Returns dw, grads."""
    grads, dx, dw = [], None, 0.0
    for cache in reversed(caches):
        dx, dimage, dw_here, block = _block_backward(dx, dimage, cache)
        dw = dw + dw_here
        grads.insert(0, block)
    return dw, {"constant": dx.sum(axis=0), "blocks": grads}


def _steps(params, w, noise):
    """Yield the image so far and the cache of one resolution after the other."""
    constant, noise, image = params["constant"], iter(noise), None
    x = array_module(w).broadcast_to(constant, (len(w), *constant.shape))
    for block in params["blocks"]:
        x, image, cache = _block_forward(block, x, w, image, noise)
        yield image, cache


def _block_forward(params, x, w, image, noise):
    """Returns x, image, cache; noise: an iterator over the maps that are left."""
    cache = {}
    if "conv0" in params:
        x, cache["conv0"] = styled_conv2d.forward(params["conv0"], x, w, next(noise), up=True)
        image, cache["up"] = blur_upsample.forward(image)
    x, cache["conv1"] = styled_conv2d.forward(params["conv1"], x, w, next(noise))
    rgb, cache["to_rgb"] = styled_rgb.forward(params["to_rgb"], x, w)
    return x, rgb if image is None else image + rgb, cache


def _block_backward(dx, dimage, cache):
    """Returns dx, dimage, dw, grads; dx is None after the last resolution, the dimage returned below the first."""
    grads = {}
    drgb, dw, grads["to_rgb"] = styled_rgb.backward(dimage, cache["to_rgb"])
    dx = drgb if dx is None else dx + drgb
    dx, dw_here, grads["conv1"] = styled_conv2d.backward(dx, cache["conv1"])
    dw = dw + dw_here
    if "conv0" not in cache:
        return dx, None, dw, grads
    dx, dw_here, grads["conv0"] = styled_conv2d.backward(dx, cache["conv0"])
    return dx, blur_upsample.backward(dimage, cache["up"]), dw + dw_here, grads
