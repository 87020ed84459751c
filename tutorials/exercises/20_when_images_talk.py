"""Exercise 20: minibatch standard deviation, and its second derivative (tutorials/20_when_images_talk.py).

Put your lines in the place of each NotImplementedError; then ask: minihit learn check 20

Shapes: x, t_x (B, H, W, C); y, t_y (B, H, W, C + 1). Groups of S = min(B, 4) images: image b is in group b mod (B / S),
so that x.reshape(S, B / S, H, W, C) has a group's images along its first axis.
"""

import numpy as np

EPS = 1e-8


def forward(x):
    """x with one more channel, the same number for all images of a group: the mean over (H, W, C) of std.

    std = sqrt(mean over the group's images of (x - their mean)^2 + EPS). Returns y and a cache.
    """
    s = min(4, len(x))
    grouped = x.reshape(s, -1, *x.shape[1:])
    centered = grouped - grouped.mean(axis=0)
    std = ((centered * centered).mean(axis=0) + EPS) ** 0.5
    return appended(x, std.mean(axis=(1, 2, 3))), {"centered": centered, "std": std}


def appended(x, statistic):
    """x (B, H, W, C) with one more channel that holds the number (B / S,) of each image's group."""
    channel = np.tile(statistic, len(x) // len(statistic))[:, None, None, None]
    return np.concatenate([x, np.broadcast_to(channel, (*x.shape[:3], 1))], axis=-1)


def backward(dy, cache):
    """dx."""
    raise NotImplementedError("backward")


def tangent(t_x, cache):
    """(t_y, t_cache): how y moves when x moves along t_x, and what tangent_backward needs of it."""
    raise NotImplementedError("tangent")


def tangent_backward(dt_y, cache, t_cache):
    """The gradient of <dt_y, tangent(t_x)> by x, t_x held fixed."""
    raise NotImplementedError("tangent_backward")
