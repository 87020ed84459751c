"""Noise, bias and leaky ReLU in one pass: a fused kernel on a GPU.

Shapes: x, y, dy, positive (B, H, W, C); strength (1,), bias (C,); noise (B, H, W) or (1, H, W).
"""

from minihit.backend import array_module, fused
from minihit.ops.leaky_relu import SLOPE
from minihit.ops.noisy_relu import GAIN


def forward(x, strength, bias, noise):
    y, positive = _activate(x, strength, bias, noise[..., None])
    return y, {"positive": positive, "noise": noise}


@fused
def _activate(x, strength, bias, noise):
    y = x + strength * noise
    y += bias
    positive = y > 0
    y *= GAIN
    return array_module(y).maximum(y, SLOPE * y), positive


@fused
def _rectified(dy, positive):
    dx = positive.astype(dy.dtype)                                        # ten times faster than where() on a CPU
    dx *= GAIN * (1.0 - SLOPE)
    dx += GAIN * SLOPE
    dx *= dy
    return dx
