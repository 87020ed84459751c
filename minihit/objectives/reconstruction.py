"""How far an image is from its original: each returns (loss, dimage), a mean over these images and its gradient.

Shapes: image, original, dimage (B, S, S, 3) in [-1, 1]; loss a scalar array.

DISTANCES are means over an image's values too. LIKELIHOODS are of the original, were it the image with noise on every
value: minus its logarithm in nats per image, a sum over all values, so that it can be added to a divergence in nats. It
is negative where the noise is so little that the density exceeds 1.
"""

import math

from minihit.backend import array_module
from minihit.ops import laplacian_pyramid
from minihit.sums import alone

LEAST = 1 / 255                                                           # noise: half a step of uint8 in [-1, 1]


def l1(image, original):
    """mean |image - original|."""
    difference = image - original
    return abs(difference).mean(), array_module(image).sign(difference) / difference.size


def l2(image, original):
    """mean (image - original)^2."""
    difference = image - original
    return (difference * difference).mean(), difference * (2.0 / difference.size)


def pyramid_l1(image, original, smallest=8):
    """The mean over the levels of the Laplacian pyramids of the mean |difference| (as in Bojanowski et al. 2018).

    Levels weigh the same, so a value counts four times as much as one of the next finer level: shapes and colours have
    few values, texture many. smallest: side of the last level.
    """
    levels, cache = laplacian_pyramid.forward(image - original, smallest)
    losses, dlevels = zip(*[l1(level, 0.0) for level in levels], strict=True)
    share = 1.0 / len(levels)
    return sum(losses) * share, laplacian_pyramid.backward([share * dlevel for dlevel in dlevels], cache)


def gaussian_nll(image, original, sigma=None, total=alone):
    """Normal noise of deviation sigma: sum (image - original)^2 / (2 sigma^2) + log sigma + log(2 pi) / 2.

    Where sigma is None its square is the mean square of the difference, the likeliest (sigma-VAE, Rybkin et al. 2021),
    over all images that `total` adds over. There a change of sigma changes nothing, and so the gradient, that of
    log(mean square) / 2 a value, is the one with sigma held fixed.
    """
    difference = image - original
    squares = difference * difference
    variance = _noise(squares, None if sigma is None else sigma**2, LEAST**2, total)
    per_value = squares.mean() / (2.0 * variance) + 0.5 * array_module(image).log(2.0 * math.pi * variance)
    return per_value * image[0].size, difference / (variance * len(image))


def laplace_nll(image, original, scale=None, total=alone):
    """Laplace's noise of that scale: sum |image - original| / scale + log(2 scale).

    Where scale is None it is the mean |difference|, the likeliest, as sigma is in gaussian_nll.
    """
    difference = image - original
    sizes = abs(difference)
    scale = _noise(sizes, scale, LEAST, total)
    per_value = sizes.mean() / scale + array_module(image).log(2.0 * scale)
    return per_value * image[0].size, array_module(image).sign(difference) / (scale * len(image))


def _noise(values, fixed, least, total):
    """What is fixed as an array, or else the mean of the values over all images, at least `least`, so that none is
    infinitely likely."""
    if fixed is not None:
        return array_module(values).full((), fixed, values.dtype)
    sums = total({"sum": values.sum(), "count": values.size})
    return (sums["sum"] / sums["count"]).clip(least)


DISTANCES = {"l1": l1, "l2": l2, "pyramid_l1": pyramid_l1}
LIKELIHOODS = {"l1": laplace_nll, "l2": gaussian_nll}
