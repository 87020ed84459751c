"""A residual block of StyleGAN2's discriminator (Karras et al. 2020, figure 7): y = (main + skip) / sqrt(2).

Shapes: x (B, H, W, C); y (B, H/2, W/2, C').
main: conv 3x3, leaky ReLU, downsample, conv 3x3, leaky ReLU. skip: downsample, conv 1x1 without bias.
"""

from minihit import initializers
from minihit.layers import conv2d
from minihit.ops import average_downsample, blur_downsample, join, leaky_relu

CONVOLUTIONS = ("conv1", "conv2", "skip")
DOWNSAMPLES = {"blur": blur_downsample, "average": average_downsample}


def init(rng, c_in, c_out, initializer=initializers.glorot_uniform):
    return {
        "conv1": conv2d.init(rng, c_in, c_in, initializer=initializer),
        "conv2": conv2d.init(rng, c_in, c_out, initializer=initializer),
        "skip": conv2d.init(rng, c_in, c_out, k=1, bias=False, initializer=initializer),
    }


def forward(params, x, kind="blur"):
    down, cache = DOWNSAMPLES[kind], {"kind": kind}
    h, cache["conv1"] = conv2d.rectified(params["conv1"], x)
    h, cache["down"] = down.forward(h)
    main, cache["conv2"] = conv2d.rectified(params["conv2"], h)
    small, cache["small"] = down.forward(x)
    skip, cache["skip"] = conv2d.forward(params["skip"], small)
    y, cache["join"] = join.forward(main, skip)
    return y, cache


def backward(dy, cache):
    dx, deltas = input_gradient(dy, cache)
    return dx, weight_gradient(deltas, cache)


def input_gradient(dy, cache):
    """Returns dx and deltas, the gradients at the output of each convolution."""
    down, deltas = DOWNSAMPLES[cache["kind"]], {}
    dmain, deltas["skip"] = join.backward(dy, cache["join"])
    dx_skip = down.backward(conv2d.input_gradient(deltas["skip"], cache["skip"]), cache["small"])
    deltas["conv2"] = leaky_relu.backward(dmain, cache["conv2"])
    dh = down.backward(conv2d.input_gradient(deltas["conv2"], cache["conv2"]), cache["down"])
    deltas["conv1"] = leaky_relu.backward(dh, cache["conv1"])
    return conv2d.input_gradient(deltas["conv1"], cache["conv1"], dx_skip), deltas


def weight_gradient(deltas, cache):
    return {name: conv2d.weight_gradient(deltas[name], cache[name]) for name in CONVOLUTIONS}


def tangent(t_x, cache):
    down, t_cache = DOWNSAMPLES[cache["kind"]], {}
    t_h, t_cache["conv1"] = conv2d.tangent(t_x, cache["conv1"])
    t_h = down.tangent(leaky_relu.tangent(t_h, cache["conv1"]), cache["down"])
    t_h, t_cache["conv2"] = conv2d.tangent(t_h, cache["conv2"])
    t_main = leaky_relu.tangent(t_h, cache["conv2"])
    t_skip, t_cache["skip"] = conv2d.tangent(down.tangent(t_x, cache["small"]), cache["skip"])
    return join.tangent(t_main, t_skip, cache["join"]), t_cache
