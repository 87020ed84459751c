"""Minibatch standard deviation (Karras et al. 2018, section 3), with its second derivative for penalties.

Shapes: x (B, H, W, C); y (B, H, W, C + 1); centered (S, B/S, H, W, C), std (B/S, H, W, C), where a group has S =
min(B, 4) images and the index of the group runs fastest: image b is in group b mod (B / S). The new channel is one
number per group, mean over (H, W, C) of std, std = sqrt(mean over the group of centered^2 + EPS).
"""

from minihit.backend import array_module

GROUP = 4
EPS = 1e-8


def forward(x):
    s = min(GROUP, x.shape[0])
    grouped = x.reshape(s, -1, *x.shape[1:])
    centered = grouped - grouped.mean(axis=0)
    std = ((centered * centered).mean(axis=0) + EPS) ** 0.5
    return _append(x, _mean(std)), {"centered": centered, "std": std}


def backward(dy, cache):
    centered, std = cache["centered"], cache["std"]
    dx = (centered / std) * _per_value(dy, centered)
    return dy[..., :-1] + dx.reshape(dy.shape[:-1] + dx.shape[-1:])


def tangent(t_x, cache):
    """How y moves when x moves along t_x."""
    centered, std = cache["centered"], cache["std"]
    t_centered, covariance = _tangent(t_x, centered)
    return _append(t_x, _mean(covariance / std)), {"t_centered": t_centered, "covariance": covariance}


def tangent_backward(dt_y, cache, t_cache):
    """The gradient with respect to x of <dt_y, tangent(t_x)>: what bends, the second derivative of the layer."""
    centered, std = cache["centered"], cache["std"]
    bent = t_cache["t_centered"] / std - centered * (t_cache["covariance"] / std**3)
    dx = bent * _per_value(dt_y, centered)
    return dx.reshape(dt_y.shape[:-1] + dx.shape[-1:])


def _tangent(t_x, centered):
    t_grouped = t_x.reshape(centered.shape)
    t_centered = t_grouped - t_grouped.mean(axis=0)
    return t_centered, (centered * t_centered).mean(axis=0)


def _mean(x):
    return x.mean(axis=(1, 2, 3))                                          # (B/S,)


def _append(x, statistic):
    """x with one more channel that holds the statistic of each image's group."""
    xp, s = array_module(x), x.shape[0] // statistic.shape[0]
    channel = xp.tile(statistic, s).reshape(-1, 1, 1, 1)
    return xp.concatenate([x, xp.broadcast_to(channel, (*x.shape[:3], 1))], axis=-1)


def _per_value(dy, centered):
    """The gradient that reaches each std, (B/S, 1, 1, 1), over the group's size."""
    s, groups = centered.shape[:2]
    dstatistic = dy[..., -1].reshape(s, groups, -1).sum(axis=(0, 2))
    return (dstatistic / centered[:, 0].size).reshape(groups, 1, 1, 1)
