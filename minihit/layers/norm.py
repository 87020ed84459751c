"""The normalisation that a generator was configured with: "batch" (the official default) or "layer".

Shapes: x, y (..., C). Both have params {"scale", "bias"}; only batch normalisation has running averages.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from minihit.layers import batch_norm, layer_norm
from minihit.sums import alone

NORMS = {"batch": batch_norm, "layer": layer_norm}


@dataclass(frozen=True)
class How:
    """How a network normalises.

    kind: a name of NORMS. averages: the running averages, a tree with the keys of the network's norms, in evaluation;
    None in training. total: adds over the batch (minihit/sums.py).
    """

    kind: str = "batch"
    averages: Any = None
    total: Callable = alone

    def at(self, *keys):
        """The same for a part of the network."""
        averages = self.averages
        for key in keys if averages is not None else ():
            averages = averages[key]
        return replace(self, averages=averages)


def init(channels):
    return batch_norm.init(channels)


def init_averages(channels, kind):
    return batch_norm.init_averages(channels) if kind == "batch" else {}


def forward(params, x, how):
    options = {"averages": how.averages, "total": how.total} if how.kind == "batch" else {}
    y, cache = NORMS[how.kind].forward(params, x, **options)
    return y, {"kind": how.kind, **cache}


def backward(dy, cache, skip=None):
    """skip: the gradient that reached x past the norm, which is added to dx."""
    return NORMS[cache["kind"]].backward(dy, cache, skip)
