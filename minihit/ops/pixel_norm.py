"""Pixel norm (Karras et al. 2018, section 4.2): y = x / sqrt(mean of x^2 over the channels + EPS).

Shapes: x, y (..., C); rms, the divisor, (..., 1).
"""

EPS = 1e-8


def forward(x):
    rms = ((x * x).mean(axis=-1, keepdims=True) + EPS) ** 0.5
    y = x / rms
    return y, {"y": y, "rms": rms}


def backward(dy, cache):
    """y ignores a rescaling of x (but for EPS), so dy along y, the mean of dy y, is projected out."""
    y = cache["y"]
    return (dy - y * (dy * y).mean(axis=-1, keepdims=True)) / cache["rms"]
