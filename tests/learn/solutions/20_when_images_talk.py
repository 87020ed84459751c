"""Exercise 20: minibatch standard deviation, and its second derivative (tutorials/20_when_images_talk.py).

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
    centered, std = cache["centered"], cache["std"]
    return dy[..., :-1] + (per_value(dy, centered) * centered / std).reshape(*dy.shape[:-1], -1)


def per_value(dy, centered):
    """What reaches each value of std, (B / S, 1, 1, 1), over the number of images in a group."""
    s, groups = centered.shape[:2]
    dstatistic = dy[..., -1].reshape(s, groups, -1).sum(axis=(0, 2))
    return (dstatistic / centered[:, 0].size).reshape(groups, 1, 1, 1)


def tangent(t_x, cache):
    """(t_y, t_cache): how y moves when x moves along t_x, and what tangent_backward needs of it."""
    centered, std = cache["centered"], cache["std"]
    t_grouped = t_x.reshape(centered.shape)
    t_centered = t_grouped - t_grouped.mean(axis=0)
    covariance = (centered * t_centered).mean(axis=0)
    return appended(t_x, (covariance / std).mean(axis=(1, 2, 3))), {"t_centered": t_centered, "covariance": covariance}


def tangent_backward(dt_y, cache, t_cache):
    """The gradient of <dt_y, tangent(t_x)> by x, t_x held fixed."""
    centered, std = cache["centered"], cache["std"]
    bent = t_cache["t_centered"] / std - centered * t_cache["covariance"] / std**3
    return (per_value(dt_y, centered) * bent).reshape(*dt_y.shape[:-1], -1)
