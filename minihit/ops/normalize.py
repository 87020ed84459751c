"""Normalise: y = scale * (x - mean) / sqrt(variance + eps) + bias, mean and variance those of a pixel or a channel.

Shapes: x, x_hat, y (..., C); scale, bias (C,); mean, variance, rstd (..., 1) per "pixel", (C,) per "channel".

backward's skip, where there is one, is the gradient that reached x past the norm.

Per pixel, over its channels, it is layer normalisation; per channel, over all pixels of a batch, batch normalisation. A
batch may lie in parts: `total` adds over them (minihit/sums.py).
"""

from minihit.ops.column_sum import column_sum
from minihit.ops.switch import tuned
from minihit.sums import alone


@tuned
def forward(x, scale, bias, per, eps, total=alone):
    count = total(x.size // x.shape[-1]) if per == "channel" else x.shape[-1]
    mean = _sum(x, per, total) / count
    centered = x - mean
    variance = _sum(centered * centered, per, total) / count
    unbiased = variance * (count / max(count - 1, 1))                      # for running averages
    rstd = (variance + eps) ** -0.5
    x_hat = centered * rstd
    y = x_hat * scale + bias
    return y, {"x_hat": x_hat, "mean": mean, "variance": variance, "unbiased": unbiased, "rstd": rstd, "scale": scale,
               "count": count, "per": per, "total": total}


@tuned
def backward(dy, cache, skip=None):
    """Returns dx + skip, dscale, dbias, the last two summed over this part of the batch alone.

    x_hat ignores a shift of x and a rescaling of x, so those two directions are projected out.
    """
    x_hat, per, total, count = (cache[name] for name in ("x_hat", "per", "total", "count"))
    dx_hat = dy * cache["scale"]
    shift = _sum(dx_hat, per, total) / count
    rescaling = _sum(dx_hat * x_hat, per, total) / count
    dx = (dx_hat - shift - x_hat * rescaling) * cache["rstd"]
    return dx if skip is None else skip + dx, column_sum(dy * x_hat), column_sum(dy)


def _sum(x, per, total):
    return total(column_sum(x)) if per == "channel" else x.sum(axis=-1, keepdims=True)
