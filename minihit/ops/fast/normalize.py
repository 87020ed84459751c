"""Both norms with few passes over memory, what lies between their sums fused on a GPU.

Shapes: x, y (..., C); scale, bias (C,); mean, variance, rstd (..., 1) per "pixel", (C,) per "channel".

Per channel the cache holds centered = x - mean in place of x_hat = centered * rstd: rstd and scale, both short, are
multiplied with each other before they meet a long array. On a GPU it holds x, from which whoever reads it takes the
mean: `taken`, None on a CPU.
"""

from minihit import backend
from minihit.backend import fused
from minihit.ops.fast.column_sum import column_sum
from minihit.ops.fast.standardize import root, stretch
from minihit.sums import alone


def forward(x, scale, bias, per, eps, total=alone):
    return _per_pixel(x, scale, bias, eps) if per == "pixel" else _per_channel(x, scale, bias, eps, total)


def backward(dy, cache, skip=None):
    """Returns dx + skip, dscale, dbias."""
    return (_per_pixel_backward if "x_hat" in cache else _per_channel_backward)(dy, cache, skip)


def _per_pixel(x, scale, bias, eps):
    x_hat = x - x.mean(axis=-1, keepdims=True)
    rstd = root((x_hat * x_hat).mean(axis=-1, keepdims=True), eps)
    y = _rescale(x_hat, rstd, scale, bias)
    return y, {"x_hat": x_hat, "rstd": rstd, "scale": scale}


def _per_pixel_backward(dy, cache, skip):
    x_hat = cache["x_hat"]
    dscale, dbias = column_sum(dy * x_hat), column_sum(dy)
    dx_hat = dy * cache["scale"]
    shift, rescaling = (values.mean(axis=-1, keepdims=True) for values in (dx_hat, dx_hat * x_hat))
    return _project_pixels(dx_hat, x_hat, cache["rstd"], shift, rescaling, skip), dscale, dbias


def _per_channel(x, scale, bias, eps, total):
    sums = total({"x": column_sum(x), "count": x.size // x.shape[-1]})
    count, on_gpu = sums["count"], backend.on_gpu(x)
    x, squares = (x, _square(x, sums["x"], count)) if on_gpu else _center(x, sums["x"], count)
    correction = count / max(count - 1, 1)
    mean, variance, unbiased, rstd = _moments(sums["x"], total(column_sum(squares)), count, correction, eps)
    taken = mean if on_gpu else None
    return stretch(x, taken, rstd, scale, bias), {
        "x": x, "taken": taken, "mean": mean, "variance": variance, "unbiased": unbiased, "rstd": rstd, "scale": scale,
        "count": count, "total": total}


def _per_channel_backward(dy, cache, skip):
    x, mean, rstd, scale, count = (cache[name] for name in ("x", "taken", "rstd", "scale", "count"))
    dscale = column_sum(dy * x) * rstd if mean is None else column_sum(_along(dy, x, mean, rstd))
    grads = {"scale": dscale, "bias": column_sum(dy)}
    sums = cache["total"](grads)
    dx = _project_channels(dy, x, mean, rstd, scale, sums["scale"], sums["bias"], count, skip)
    return dx, grads["scale"], grads["bias"]


@fused
def _rescale(x_hat, rstd, scale, bias):
    """Makes x_hat of what was only centered, in place."""
    x_hat *= rstd
    y = x_hat * scale
    y += bias
    return y


@fused
def _project_pixels(dx_hat, x_hat, rstd, shift, rescaling, skip):
    dx = dx_hat - shift
    dx -= x_hat * rescaling
    dx *= rstd
    if skip is not None:
        dx += skip
    return dx


@fused
def _center(x, total, count):
    centered = x - total / count
    return centered, centered * centered


@fused
def _square(x, total, count):
    centered = x - total / count
    return centered * centered


@fused
def _moments(total, squares, count, correction, eps):
    """Mean, variance, the unbiased variance, and the reciprocal of the standard deviation of what was summed."""
    mean, variance = total / count, squares / count
    return mean, variance, variance * correction, root(variance, eps)


@fused
def _along(dy, x, mean, rstd):
    return dy * ((x - mean) * rstd)


@fused
def _project_channels(dy, x, mean, rstd, scale, dscale, dbias, count, skip):
    centered = x if mean is None else x - mean
    dx = dy - centered * (dscale * rstd / count)
    dx -= dbias / count
    dx *= rstd * scale
    if skip is not None:
        dx += skip
    return dx
