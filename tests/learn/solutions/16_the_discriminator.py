"""Exercise 16: a residual block of the discriminator (tutorials/16_the_discriminator.py).

Shapes: x (B, H, W, C); y (B, H / 2, W / 2, C'). Its forward is given, and with it the names in its cache.

conv2d.rectified is conv2d.forward and then leaky_relu.forward. Its cache is that of both: leaky_relu.backward and
conv2d.input_gradient, the half of conv2d.backward that goes on to the input, find in it what they need.
"""

from minihit.layers import conv2d
from minihit.ops import average_downsample, blur_downsample, join, leaky_relu

DOWNSAMPLES = {"blur": blur_downsample, "average": average_downsample}


def forward(params, x, kind="blur"):
    """y = (main + skip) / sqrt(2), which join computes; params {"conv1", "conv2", "skip"}. Returns y and a cache."""
    down, cache = DOWNSAMPLES[kind], {"kind": kind}
    h, cache["conv1"] = conv2d.rectified(params["conv1"], x)
    h, cache["down"] = down.forward(h)
    main, cache["conv2"] = conv2d.rectified(params["conv2"], h)
    small, cache["small"] = down.forward(x)
    skip, cache["skip"] = conv2d.forward(params["skip"], small)
    y, cache["join"] = join.forward(main, skip)
    return y, cache


def input_gradient(dy, cache):
    """Returns dx and {"conv1", "conv2", "skip"}: the gradient at the output of each convolution, its delta."""
    down, deltas = DOWNSAMPLES[cache["kind"]], {}
    dmain, deltas["skip"] = join.backward(dy, cache["join"])
    dx_skip = down.backward(conv2d.input_gradient(deltas["skip"], cache["skip"]), cache["small"])
    deltas["conv2"] = leaky_relu.backward(dmain, cache["conv2"])
    dh = down.backward(conv2d.input_gradient(deltas["conv2"], cache["conv2"]), cache["down"])
    deltas["conv1"] = leaky_relu.backward(dh, cache["conv1"])
    return conv2d.input_gradient(deltas["conv1"], cache["conv1"]) + dx_skip, deltas


def backward(dy, cache):
    """Returns dx and grads. Why its halves are two functions, chapter 18 says."""
    dx, deltas = input_gradient(dy, cache)
    return dx, {name: conv2d.weight_gradient(delta, cache[name]) for name, delta in deltas.items()}
