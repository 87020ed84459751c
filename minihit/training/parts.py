"""How a batch is cut: into micro-batches, whose gradients are averaged, and each of those into lanes, a thread each.

Batch norm takes its statistics from a micro-batch, whatever its lanes. What the parts find is added pairwise in the
order of the batch, so the bits follow from the plan alone and not from the machine.
"""

import math
from typing import NamedTuple

import numpy as np

from minihit import parallel
from minihit.sums import alone, pairwise

LEAST = 2                                                                 # images of a lane that are worth a thread
MOST = 16                                                                 # of a lane whose arrays stay in the cache


class Plan(NamedTuple):
    """groups: for each micro-batch the slices of the batch that are its lanes; at_once: micro-batches side by side."""

    groups: list
    at_once: int

    @property
    def parts(self):
        """All slices, in the order of the batch."""
        return [lane for group in self.groups for lane in group]


def plan(count, micro_batch, lanes, coupled=False):
    """The Plan for `count` images on so many lanes in all; micro_batch 0: all images together.

    coupled: whether a network compares the images of a micro-batch (minibatch stddev), which then stays in one piece.
    """
    size = min(micro_batch or count, count)
    micro_batches = [range(start, min(start + size, count)) for start in range(0, count, size)]
    each = 1 if coupled else max(1, lanes // len(micro_batches))
    groups = [_lanes(images, min(each, len(images))) for images in micro_batches]
    return Plan(groups, max(1, min(len(groups), lanes // each)))


def _lanes(images, count):
    size = math.ceil(len(images) / count)
    return [slice(start, min(start + size, images.stop)) for start in range(images.start, images.stop, size)]


def lanes_that_pay(batch, micro_batch, cores):
    """How many lanes to take on so many cores: one for each, while LEAST images are left to it, and at least as many
    as leave MOST images to a lane of a batch in one piece."""
    in_one_piece = micro_batch not in range(1, batch)
    wanted = max(cores, math.ceil(batch / MOST)) if in_one_piece else cores
    return max(1, min(wanted, batch // LEAST))


def add_up(function, plan, xp=np):
    """The sum of function(part, total) over the parts of a plan, trees; `total` adds over the lanes of a micro-batch.

    On the CPU the parts are threads; a GPU takes them one after the other, and then they must be whole micro-batches.
    """
    if xp is np:
        return pairwise(pairwise(lanes) for lanes in parallel.groups(function, *plan))
    return pairwise(function(part, alone) for (part,) in plan.groups)
