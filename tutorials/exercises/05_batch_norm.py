"""Exercise 5: batch norm, in training and in evaluation (tutorials/05_batch_norm.py).

Put your lines in the place of each NotImplementedError; then ask: minihit learn check 5

Shapes: x, y, dy, dx (..., C); scale, bias, mean, variance (C,): of each channel, over all axes but the last.
"""

EPS = 1e-3


def forward(params, x, averages=None):
    """y = scale * (x - mean) / sqrt(variance + EPS) + bias; params {"scale", "bias"}. Returns y and a cache.

    In training averages is None, and mean and variance are those of x; in evaluation they are averages {"mean",
    "variance"}, which do not depend on x.
    """
    raise NotImplementedError("forward")


def backward(dy, cache):
    """Returns dx and {"scale", "bias"}."""
    raise NotImplementedError("backward")


def fold(averages, cache, momentum=0.99):
    """New averages {"mean", "variance"}: momentum times the old ones, and for the rest the batch's, whose variance is
    the unbiased one, n / (n - 1) times that of forward, where n is how many values a channel has."""
    raise NotImplementedError("fold")
