"""StyleGAN2's residual discriminator (Karras et al. 2020) as HiT uses it: image to logit, piecewise linear.

Shapes: images (B, size, size, 3); x (B, H, W, C); logits (B,).

Backward is in two halves, the images' gradient and the weights': what the losses do with them is in algebra.py.
"""

import math
from itertools import pairwise

from minihit import backend, initializers, tree
from minihit.backend import fused
from minihit.layers import conv2d, linear, residual_downsample
from minihit.ops import leaky_relu, minibatch_stddev
from minihit.ops.column_sum import column_sum


def init(rng, config):
    """Host arrays, float32: Glorot uniform kernels (standard normal with equalised learning rate), zero biases."""
    draw = initializers.standard_normal if config.equalized else initializers.glorot_uniform
    c = config.channels[-1]
    return {
        "stem": conv2d.init(rng, 3, config.channels[0], initializer=draw),
        "blocks": [residual_downsample.init(rng, *pair, draw) for pair in pairwise(config.channels)],
        "conv": conv2d.init(rng, c + config.minibatch_stddev, c, initializer=draw),
        "dense": linear.init(rng, (4, 4, c), c, draw),
        "logit": linear.init(rng, c, 1, draw),
    }


def init_averages(config, rng=None):
    """No running averages."""
    return {}


def forward(params, images, config):
    cache = {"config": config, "blocks": []}
    if config.equalized:
        params = equalize(params)
    x, cache["stem"] = conv2d.rectified(params["stem"], images)
    for block in params["blocks"]:
        x, block_cache = residual_downsample.forward(block, x, config.downsample)
        cache["blocks"].append(block_cache)
    if config.minibatch_stddev:
        x, cache["stddev"] = minibatch_stddev.forward(x)
    x, cache["conv"] = conv2d.rectified(params["conv"], x)
    x, cache["dense"] = linear.forward(params["dense"], x)
    x, cache["dense_relu"] = leaky_relu.forward(x)
    logits, cache["logit"] = linear.forward(params["logit"], x)
    return logits[:, 0], cache


def backward(dlogits, cache):
    dimages, deltas = input_gradient(dlogits, cache)
    return dimages, weight_gradient(deltas, cache)


def parameter_gradient(dlogits, cache):
    """The second half of backward alone, where nobody asks for the images'."""
    return weight_gradient(output_gradients(dlogits, cache), cache)


def features(cache):
    """What the blocks read, finest first: (B, H, W, C), ..., all but the last map."""
    return [block_cache["conv1"]["x"] for block_cache in cache["blocks"]]


def input_gradient(dlogits, cache, dfeatures=None):
    """Returns dimages and deltas; see output_gradients."""
    deltas = output_gradients(dlogits, cache, dfeatures=dfeatures)
    return conv2d.input_gradient(deltas["stem"], cache["stem"]), deltas


def output_gradients(dlogits, cache, second_order=None, dfeatures=None):
    """Returns deltas, the gradients at the output of every linear layer.

    second_order, where given, is added to the gradient below minibatch stddev: that layer's second derivative.
    dfeatures, where given, are added to the gradients of what the blocks read: those of a loss of features(cache).
    """
    deltas = {"blocks": []}
    deltas["logit"] = dlogits[:, None]
    dx = linear.input_gradient(deltas["logit"], cache["logit"])
    deltas["dense"] = leaky_relu.backward(dx, cache["dense_relu"])
    dx = linear.input_gradient(deltas["dense"], cache["dense"])
    deltas["conv"] = leaky_relu.backward(dx, cache["conv"])
    dx = conv2d.input_gradient(deltas["conv"], cache["conv"])
    if "stddev" in cache:
        deltas["stddev"] = dx
        dx = minibatch_stddev.backward(dx, cache["stddev"])
        dx = dx if second_order is None else dx + second_order
    dfeatures = dfeatures or [None] * len(cache["blocks"])
    for block_cache, dfeature in zip(reversed(cache["blocks"]), reversed(dfeatures), strict=True):
        dx, block_deltas = residual_downsample.input_gradient(dx, block_cache)
        dx = dx if dfeature is None else dx + dfeature
        deltas["blocks"].insert(0, block_deltas)
    deltas["stem"] = leaky_relu.backward(dx, cache["stem"])
    return deltas


def weight_gradient(deltas, cache, factors=None, t_cache=None):
    """Gradients of sum_b factors_b logit_b + <deltas, tangent>: one product per layer for both.

    factors (B,) are one where they are None; t_cache, what tangent left, is zero where it is None.
    """
    t = t_cache or {**dict.fromkeys(deltas), "blocks": [dict.fromkeys(block) for block in deltas["blocks"]]}
    grads = {
        "stem": _mixed(conv2d, deltas["stem"], cache["stem"], factors, t["stem"]),
        "blocks": [{name: _mixed(conv2d, block_deltas[name], block_cache[name], factors, t_block[name])
                    for name in residual_downsample.CONVOLUTIONS}
                   for block_deltas, block_cache, t_block in zip(deltas["blocks"], cache["blocks"], t["blocks"],
                                                                 strict=True)],
        "conv": _mixed(conv2d, deltas["conv"], cache["conv"], factors, t["conv"]),
        "dense": _mixed(linear, deltas["dense"], cache["dense"], factors, t["dense"]),
        "logit": _mixed(linear, deltas["logit"], cache["logit"], factors, t["logit"]),
    }
    return equalize(grads) if cache["config"].equalized else grads


def _mixed(layer, delta, cache, factors, t_cache):
    """One layer's gradients of sum_b factors_b <delta_b, y_b> + <delta_b, t_y_b>; a bias moves no tangent."""
    if factors is None:
        return layer.weight_gradient(delta, cache)
    if t_cache is None and backend.on_gpu(delta):
        return layer.weight_gradient(delta * _per_image(factors, delta), cache)
    t_x = None if t_cache is None else t_cache["t_x"]
    grads = layer.weight_gradient(delta, cache, _mix(cache["x"], _per_image(factors, cache["x"]), t_x))
    if "bias" in cache:
        grads["bias"] = column_sum(delta * _per_image(factors, delta))
    return grads


@fused
def _mix(x, factors, t_x):
    x = x * factors
    return x if t_x is None else x + t_x


def _per_image(factors, x):
    return factors.reshape(-1, *[1] * (x.ndim - 1))


def tangent(t_images, cache):
    """How the logits move when the images move along t_images: the linear maps of forward, its masks, no biases."""
    t_cache = {"blocks": []}
    t_x, t_cache["stem"] = conv2d.tangent(t_images, cache["stem"])
    t_x = leaky_relu.tangent(t_x, cache["stem"])
    for block_cache in cache["blocks"]:
        t_x, t_block = residual_downsample.tangent(t_x, block_cache)
        t_cache["blocks"].append(t_block)
    if "stddev" in cache:
        t_x, t_cache["stddev"] = minibatch_stddev.tangent(t_x, cache["stddev"])
    t_x, t_cache["conv"] = conv2d.tangent(t_x, cache["conv"])
    t_x = leaky_relu.tangent(t_x, cache["conv"])
    t_x, t_cache["dense"] = linear.tangent(t_x, cache["dense"])
    t_x = leaky_relu.tangent(t_x, cache["dense_relu"])
    t_logits, t_cache["logit"] = linear.tangent(t_x, cache["logit"])
    return t_logits[:, 0], t_cache


def equalize(params):
    """Every kernel over the root of its fan-in (Karras et al. 2018, section 4.1); diagonal, so its own backward."""
    return tree.map(lambda leaf: leaf * math.prod(leaf.shape[:-1]) ** -0.5 if leaf.ndim > 1 else leaf, params)
