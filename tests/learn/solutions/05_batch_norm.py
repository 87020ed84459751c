"""Exercise 5: batch norm, in training and in evaluation (tutorials/05_batch_norm.py).

Shapes: x, y, dy, dx (..., C); scale, bias, mean, variance (C,): of each channel, over all axes but the last.
"""

EPS = 1e-3


def forward(params, x, averages=None):
    """y = scale * (x - mean) / sqrt(variance + EPS) + bias; params {"scale", "bias"}. Returns y and a cache.

    In training averages is None, and mean and variance are those of x; in evaluation they are averages {"mean",
    "variance"}, which do not depend on x.
    """
    batch = tuple(range(x.ndim - 1))
    mean = x.mean(axis=batch) if averages is None else averages["mean"]
    variance = x.var(axis=batch) if averages is None else averages["variance"]
    rstd = (variance + EPS) ** -0.5
    x_hat = (x - mean) * rstd
    return x_hat * params["scale"] + params["bias"], {
        "x_hat": x_hat, "rstd": rstd, "scale": params["scale"], "mean": mean, "variance": variance,
        "evaluation": averages is not None}


def backward(dy, cache):
    """Returns dx and {"scale", "bias"}."""
    x_hat, batch = cache["x_hat"], tuple(range(dy.ndim - 1))
    grads = {"scale": (dy * x_hat).sum(axis=batch), "bias": dy.sum(axis=batch)}
    dx = dy * cache["scale"]
    if not cache["evaluation"]:
        dx = dx - dx.mean(axis=batch) - x_hat * (dx * x_hat).mean(axis=batch)
    return dx * cache["rstd"], grads


def fold(averages, cache, momentum=0.99):
    """New averages {"mean", "variance"}: momentum times the old ones, and for the rest the batch's, whose variance is
    the unbiased one, n / (n - 1) times that of forward, where n is how many values a channel has."""
    n = cache["x_hat"].size // cache["x_hat"].shape[-1]
    batch = {"mean": cache["mean"], "variance": cache["variance"] * (n / (n - 1))}
    return {name: momentum * averages[name] + (1.0 - momentum) * batch[name] for name in averages}
