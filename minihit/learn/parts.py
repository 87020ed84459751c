"""What an exercise is made of: each part is a Check, and how a learner's functions become the layer that it examines.

A part is named as in the table of gradcheck, or else here, where it is no layer: an optimiser, say, or a function that
starts a backward pass.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from minihit import gradcheck, optim
from minihit.gradcheck.checks import Check, check, normal
from minihit.gradcheck.networks import BASE
from minihit.gradcheck.table import CHECKS
from minihit.layers import linear
from minihit.layers.norm import How
from minihit.learn import adapters, networks
from minihit.models.hit import stage
from minihit.objectives import bottleneck, losses, penalties
from minihit.ops import augment, minibatch_stddev, quantize

OF_A_LAYER = ("forward", "backward", "tangent", "tangent_backward", "fold")
"""Names of functions that an exercise with several layers puts the layer's name in front of: gelu_forward."""


class Part(NamedTuple):
    """check: what the library computes; library: {name: function}, its own functions, which stand in for those that a
    learner does not write; written: the names of those that the learner does; layer: makes a layer of both; leaves:
    what is looked at alone, as a tangent; given: names of what else the exercise holds."""

    check: Check
    library: dict
    written: tuple
    layer: Callable = adapters.layer
    leaves: tuple | None = None
    given: tuple = ()


def of(name):
    """The Part of that name."""
    return PARTS[name] if name in PARTS else _layer(name, ("forward", "backward"))


def layer_of(name):
    """linear for "linear, heads"."""
    return name.split(",")[0]


def _part(layer, library, *shapes, written=None, init=None, **options):
    """A Part whose layer is made of the library's functions as of a learner's."""
    return Part(Check(layer(library), shapes, init, options), library, written or tuple(library), layer)


def _layer(name, written):
    return Part(CHECKS[name], {"forward": CHECKS[name].layer.forward}, written)


def _loss(name, function):
    """Of a loss that returns (value, *gradients); name is that of the check, function the library's."""
    written = function.__name__
    return Part(CHECKS[name], {written: function}, (written,), adapters.loss(written))


def _tangent(name):
    entry = CHECKS[name]
    library = {"forward": entry.layer.forward, "backward": entry.layer.backward}
    return Part(entry, library, ("tangent",), leaves=("tangent",))


def _stage(config, index, *shapes):
    """Of a stage all is given but its backward."""
    plan = config.stages[index]
    library = {"forward": stage.forward, "backward": stage.backward}
    part = _part(networks.stage, library, (2, plan.side, plan.side, plan.channels), (2, 3, config.channels[0]), *shapes,
                 written=("backward",), init=lambda rng: stage.init(rng, plan, config), plan=plan, how=How("batch"))
    return part._replace(check=part.check._replace(network=True))


def _numerical_gradient(function, x, h=gradcheck.STEP):
    return gradcheck.numerical_gradient(function, x, h)


def _function(rng):
    """A function of an array that bends, and in which no value is alone."""
    weights = rng.standard_normal((3, 4))
    return lambda x: float((weights * np.sin(x)).sum() + x.sum()**3)


COLOURED = replace(BASE, channels=(4, 8, 4), layers=(1, 1, 1), heads=(2, 2, 2), windows=(None, None, None), start=4)
SHORT, LONG = 0.01, 1.0                                                   # of nudges, and of gradients to be clipped
STEPS, N = 6, 5
PARTS = {
    "numerical_gradient": _part(
        adapters.numerical_gradient, {"numerical_gradient": _numerical_gradient},
        function=lambda rng: _function(rng), x=normal(3, 4), h=SHORT),
    "find the bug": Part(
        check(adapters.values(lambda x, dy: np.ones(1)), x=normal(3, 4), dy=normal(3, 4)), {}, ("ANSWER",),
        adapters.the_wrong_one, given=("given_forward", "backward_a", "backward_b", "backward_c")),
    "position": Part(check(networks.position(), (4, 4, 6, 8), init=lambda rng: {"position": np.zeros((1, 4, 6, 8))}),
                     {}, ("forward", "backward")),
    "skip": Part(check(networks.skip(), (4, 4, 6, 8), init=lambda rng: linear.init(rng, 8, 8)),
                 {}, ("forward", "backward")),
    "stage, windows": _stage(BASE, 0),
    "stage, colours": _stage(COLOURED, 1, (2, 4, 4, 3)),
    **{f"{loss.__name__}, {kind}": _loss(f"{loss.__name__}, {kind}", loss) for kind in losses.KINDS
       for loss in (losses.generator_loss, losses.real_loss, losses.fake_loss)},
    "r1": _loss("r1", penalties.r1),
    "kl": _loss("kl", bottleneck.kl),
    "commitment": _loss("commitment", bottleneck.commitment),
    "codebook": _loss("codebook", bottleneck.codebook)._replace(layer=adapters.loss_of_codes),
    "weight_gradients": _part(
        networks.weight_gradients, {"weight_gradients": networks.seeded},
        init=lambda rng: {"weights": [rng.standard_normal(shape) for shape in ((7, 4), (4, 4), (4, 1))]},
        images=normal(6, 7)),
    "linear, tangent": _tangent("linear"),
    "conv2d, tangent": _tangent("conv2d"),
    **{name: _layer(name, ("forward", "backward"))._replace(given=("input_gradient",))
       for name in ("residual_downsample", "residual_downsample, average")},
    "batch_norm": _layer("batch_norm", ("forward", "backward", "fold")),
    **{name: _layer(name, ("forward", "backward", "tangent"))
       for name in ("minibatch_stddev", "minibatch_stddev, two groups")},
    "minibatch_stddev, twice": Part(
        CHECKS["minibatch_stddev, twice"], {name: getattr(minibatch_stddev, name) for name in ("forward", "tangent")},
        ("tangent", "tangent_backward"), networks.stddev_twice),
    "color": _part(adapters.color, {"color": augment.color, "color_backward": augment.color_backward}, (4, 8, 8, 3),
                   draws=lambda rng: augment.draw(rng, 4, 8)),
    "adam": _part(adapters.adam, {"adam": optim.adam}, start=normal(N), grads=normal(STEPS, N), step=1, lr=0.1,
                  beta1=0.9, beta2=0.99),
    "ema": _part(adapters.ema, {"ema": optim.ema}, first=normal(N), states=normal(STEPS, N), decay=0.9, start=3),
    "clip": _part(adapters.clip, {"clip": optim.clip}, largest=LONG,
                  grads=lambda rng: rng.standard_normal((4, N)) * [[0.1], [0.3], [1.0], [3.0]]),
    "quantize": _part(adapters.quantize, {"forward": quantize.forward}, z=normal(3, 4, 5), codebook=normal(7, 5)),
    "quantize, backward": _part(
        adapters.quantize_backward, {"forward": quantize.forward, "backward": quantize.backward}, written=("backward",),
        z=normal(3, 4, 5), codebook=normal(7, 5), dq=normal(3, 4, 5)),
}
