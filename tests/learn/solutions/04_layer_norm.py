"""Exercise 4: layer norm (tutorials/04_layer_norm.py).

Shapes: x, y, dy, dx (..., C); scale, bias (C,); mean and variance, over the channels of each pixel, (..., 1).
"""

EPS = 1e-6


def forward(params, x):
    """y = scale * (x - mean) / sqrt(variance + EPS) + bias; params {"scale", "bias"}. Returns y and a cache."""
    centered = x - x.mean(axis=-1, keepdims=True)
    rstd = ((centered * centered).mean(axis=-1, keepdims=True) + EPS) ** -0.5
    x_hat = centered * rstd
    return x_hat * params["scale"] + params["bias"], {"x_hat": x_hat, "rstd": rstd, "scale": params["scale"]}


def backward(dy, cache):
    """Returns dx and {"scale", "bias"}."""
    x_hat, rstd = cache["x_hat"], cache["rstd"]
    batch = tuple(range(dy.ndim - 1))
    grads = {"scale": (dy * x_hat).sum(axis=batch), "bias": dy.sum(axis=batch)}
    dx_hat = dy * cache["scale"]
    dx = dx_hat - dx_hat.mean(axis=-1, keepdims=True)
    dx = dx - x_hat * (dx_hat * x_hat).mean(axis=-1, keepdims=True)
    return dx * rstd, grads
