"""What follows a convolution of StyleGAN2: y = sqrt(2) leaky_relu(x + strength * noise + bias).

Shapes: x, y (B, H, W, C); strength (1,), bias (C,); noise (B, H, W), or (1, H, W) for all images: one map for all
channels. The noise is given, N(0, 1), and has no gradient. The gain of sqrt(2) keeps the mean square of N(0, 1), nearly
(Karras et al. 2020, appendix B).
"""

import math

from minihit.backend import array_module
from minihit.ops.column_sum import column_sum
from minihit.ops.leaky_relu import SLOPE
from minihit.ops.switch import tuned

GAIN = math.sqrt(2.0)


@tuned
def forward(x, strength, bias, noise):
    h = x + strength * noise[..., None] + bias
    positive = h > 0
    return array_module(x).where(positive, GAIN * h, GAIN * SLOPE * h), {"positive": positive, "noise": noise}


def backward(dy, cache):
    """Returns dx, dstrength, dbias."""
    dx = _rectified(dy, cache["positive"])
    return dx, (dx.sum(axis=-1) * cache["noise"]).sum().reshape(1), column_sum(dx)


@tuned
def _rectified(dy, positive):
    """dy times the slope and the gain."""
    return array_module(dy).where(positive, GAIN * dy, GAIN * SLOPE * dy)
