"""Each op beside its readable twin, with the shapes that a group of four images has in celeba-64."""

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import numpy as np

from minihit.gradcheck import adapters
from minihit.ops import (
    attend,
    augment,
    average_downsample,
    blur_downsample,
    column_sum,
    feed_forward,
    gelu,
    leaky_relu,
    minibatch_stddev,
    pixel_shuffle,
    readable,
    softmax,
    upsample,
)


@dataclass(frozen=True)
class Pair:
    """op: a namespace with forward(*inputs, **options) -> (y, cache) and backward(dy, cache) -> gradients of inputs.

    twin(*inputs, **options) -> y and twin_backward(dy, *inputs, **options) are the readable ones; an op that has no
    backward has None there. shapes: of the inputs. options may be functions of a random generator.
    """

    op: Any
    twin: Any
    twin_backward: Any
    shapes: tuple
    options: dict = field(default_factory=dict)


def _column_sum():
    return SimpleNamespace(forward=lambda x: (column_sum.column_sum(x), None))


def _feed_forward():
    """The op, whose weights come in trees, as one of plain arrays."""
    def forward(x, *weights):
        expand, contract = ({"weight": weight, "bias": bias} for weight, bias in (weights[:2], weights[2:]))
        return feed_forward.forward({"expand": expand, "contract": contract}, x)

    def backward(dy, cache):
        dx, grads = feed_forward.backward(dy, cache)
        return dx, *(grads[layer][name] for layer in ("expand", "contract") for name in ("weight", "bias"))

    return SimpleNamespace(forward=forward, backward=backward)


BATCH = 4
HIDDEN, MAP = (BATCH, 32, 32, 512), (BATCH, 32, 32, 128)
PAIRS = {
    "gelu": Pair(gelu, readable.gelu, readable.gelu_backward, (HIDDEN,)),
    "feed_forward": Pair(_feed_forward(), readable.feed_forward, readable.feed_forward_backward,
                         (MAP, (128, 512), (512,), (512, 128), (128,))),
    "leaky_relu": Pair(leaky_relu, readable.leaky_relu, readable.leaky_relu_backward, (MAP,)),
    "softmax": Pair(softmax, readable.softmax, readable.softmax_backward, ((BATCH, 16, 4, 64, 64),)),
    "attend": Pair(attend, readable.attend, readable.attend_backward,
                   ((BATCH, 16, 64, 2, 32), (BATCH, 16, 64, 2, 32), (BATCH, 16, 64, 2, 32))),
    "attend, shared": Pair(attend, readable.attend, readable.attend_backward,
                           ((BATCH, 16, 64, 2, 32), (BATCH, 16, 64, 1, 32), (BATCH, 16, 64, 1, 32))),
    "conv2d": Pair(adapters.convolution(), readable.conv2d, readable.conv2d_backward,
                   ((BATCH, 64, 64, 3), (3, 3, 3, 64))),
    "conv2d, Winograd": Pair(adapters.convolution(), readable.conv2d, readable.conv2d_backward,
                             (MAP, (3, 3, 128, 128))),
    "conv2d, 1 x 1": Pair(adapters.convolution(), readable.conv2d, readable.conv2d_backward,
                          (MAP, (1, 1, 128, 256))),
    "blur_downsample": Pair(blur_downsample, readable.blur_downsample, readable.blur_downsample_backward, (MAP,)),
    "average_downsample": Pair(average_downsample, readable.average_downsample, readable.average_downsample_backward,
                               (MAP,)),
    "upsample": Pair(upsample, readable.upsample, readable.upsample_backward, ((BATCH, 32, 32, 3),)),
    "pixel_shuffle": Pair(pixel_shuffle, readable.pixel_shuffle, readable.pixel_shuffle_backward, (MAP,)),
    "windows, split": Pair(adapters.split(), readable.split,
                           lambda dy, image, window: readable.merge(dy, window, image.shape[1]), (MAP,),
                           {"window": (8, 8)}),
    "windows, merge": Pair(adapters.merge(), readable.merge,
                           lambda dy, windows, window, side: readable.split(dy, window), ((BATCH, 16, 64, 128),),
                           {"window": (8, 8), "side": 32}),
    "column_sum": Pair(_column_sum(), readable.column_sum, None, (MAP,)),
    "minibatch_stddev": Pair(minibatch_stddev, readable.minibatch_stddev, readable.minibatch_stddev_backward,
                             ((BATCH, 4, 4, 256),)),
    "augment": Pair(augment, readable.augment, readable.augment_backward, ((BATCH, 64, 64, 3),),
                    {"draws": lambda rng: augment.draw(rng, BATCH, 64)}),
}


def example(pair, rng, dtype=np.float32, shapes=None, options=None):
    """(inputs, options): host arrays of normal values in the pair's own shapes, or in others."""
    inputs = [rng.standard_normal(shape).astype(dtype) for shape in shapes or pair.shapes]
    options = pair.options if options is None else options
    return inputs, {name: value(rng) if callable(value) else value for name, value in options.items()}


def directions(pair, inputs, options, dy=None):
    """{direction: (op, twin)}: functions without arguments, "forward" and, where there is one, "backward".

    dy is the gradient of the output; the output itself where it is None. What the op's backward finds in the cache is
    computed here, before.
    """
    y, cache = pair.op.forward(*inputs, **options)
    dy = y if dy is None else dy
    found = {"forward": (lambda: pair.op.forward(*inputs, **options)[0], lambda: pair.twin(*inputs, **options))}
    if pair.twin_backward:
        found["backward"] = (lambda: pair.op.backward(dy, cache), lambda: pair.twin_backward(dy, *inputs, **options))
    return found
