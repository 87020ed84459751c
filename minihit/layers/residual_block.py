"""The residual block of small autoencoders (van den Oord et al. 2017, section 4.1), narrower inside than outside.

y = x + conv1x1(leaky(conv3x3(leaky(x)))).

Shapes: x, y (B, H, W, C); in between (B, H, W, hidden).
"""

from minihit.layers import conv2d
from minihit.ops import leaky_relu


def init(rng, channels, hidden):
    return {"conv1": conv2d.init(rng, channels, hidden), "conv2": conv2d.init(rng, hidden, channels, k=1)}


def forward(params, x):
    cache = {}
    h, cache["relu1"] = leaky_relu.forward(x)
    h, cache["conv1"] = conv2d.forward(params["conv1"], h)
    h, cache["relu2"] = leaky_relu.forward(h)
    h, cache["conv2"] = conv2d.forward(params["conv2"], h)
    return x + h, cache


def backward(dy, cache):
    grads = {}
    dh, grads["conv2"] = conv2d.backward(dy, cache["conv2"])
    dh = leaky_relu.backward(dh, cache["relu2"])
    dh, grads["conv1"] = conv2d.backward(dh, cache["conv1"])
    return dy + leaky_relu.backward(dh, cache["relu1"]), grads
