"""Losses and penalties in the table, where each is a layer: its output the loss, its gradients those it returns."""

from functools import cache, wraps
from types import SimpleNamespace

from minihit.gradcheck.checks import check, normal
from minihit.objectives import bottleneck, losses, penalties, reconstruction
from minihit.objectives.feature_matching import feature_matching


@cache
def layer(function):
    """A loss, which returns (value, gradient of each input), as a layer, the same one for its variants."""
    @wraps(function)
    def forward(*inputs, **options):
        value, *gradients = function(*inputs, **options)
        return value, {"gradients": gradients}

    def backward(dvalue, cache):
        first, *others = (dvalue * gradient for gradient in cache["gradients"])
        return (first, *others) if others else first

    return SimpleNamespace(forward=forward, backward=backward)


def _two_maps(first, second, real, cost):
    """feature_matching of one pair of maps after the other."""
    loss, gradients = feature_matching(real, [first, second], cost)
    return loss, *gradients


def _of_pair(function, **options):
    """The Check of a loss of images whose originals are drawn and held fixed."""
    return check(layer(function), PICTURES, original=normal(*PICTURES), **options)


PICTURES, MAPS = (2, 8, 8, 3), ((2, 6, 6, 3), (2, 3, 3, 5))
LOSSES = {
    **{f"{function.__name__}, {kind}": check(layer(function), (6,), kind=kind)
       for function in (losses.generator_loss, losses.real_loss, losses.fake_loss) for kind in losses.KINDS},
    "consistency": check(layer(losses.consistency), (6,), (6,), cost=10.0),
    "l1": _of_pair(reconstruction.l1),
    "l2": _of_pair(reconstruction.l2),
    "pyramid_l1": _of_pair(reconstruction.pyramid_l1, smallest=2),
    "gaussian_nll": _of_pair(reconstruction.gaussian_nll),
    "gaussian_nll, fixed": _of_pair(reconstruction.gaussian_nll, sigma=0.7),
    "laplace_nll": _of_pair(reconstruction.laplace_nll),
    "laplace_nll, fixed": _of_pair(reconstruction.laplace_nll, scale=0.7),
    "feature_matching": check(layer(_two_maps), *MAPS, cost=3.0,
                              real=lambda rng: [rng.standard_normal(shape) for shape in MAPS]),
    "r1": check(layer(penalties.r1), (4, 3, 3, 3), cost=10.0),
    "wgan_gp": check(layer(penalties.wgan_gp), (4, 3, 3, 3), cost=10.0),
    "kl": check(layer(bottleneck.kl), (4, 3, 2), (4, 3, 2)),
    "commitment": check(layer(bottleneck.commitment), (4, 3, 5), codes=normal(4, 3, 5), cost=0.25),
    "codebook": check(layer(lambda codes, z: bottleneck.codebook(z, codes)), (4, 3, 5), z=normal(4, 3, 5)),
}
