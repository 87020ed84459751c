"""Many rows through networks in evaluation: on all threads of the CPU, or on a GPU in batches of one shape.

On a GPU what becomes of a row does not depend on the rows beside it, to the last bit: whatever these are, and however
many only fill the batch up, the same kernels add the same terms in the same order. In another place of the batch a
kernel may cut its sums otherwise, and the row agrees to rounding. (On an H100 most networks gave every bit there too;
HiT at 128 pixels in one strip differed in 1 value of 10,000, by 2e-7 of the largest.)
"""

import operator
from itertools import islice

import numpy as np

from minihit import cost, parallel, tree
from minihit.backend import device_module, pinned, to_host
from minihit.capture import Repeated
from minihit.memory import evaluation_room
from minihit.ops.switch import is_plain

BATCH, BATCHED = 25, 32                                                   # images together, of that side; fewer larger
SIDE_BY_SIDE = 256                                                        # largest side of images made so, on threads
LARGEST, PIXELS = 64, 2**20                                               # of a batch on a GPU: rows, and all they show
TAKEN = 3                                                                 # times what is kept for backward, at a peak


def run(function, rows, configs, side, device="cpu", alone=False):
    """Yield function(batch), a tree of arrays with a row for each of the batch, on the host, for one batch of the rows
    after the other.

    configs: of the networks that `function` sends images of that side through; alone: on a CPU a row depends on no
    other, to the last bit, since each is a batch of its own. Otherwise as many are together as have no more pixels than
    BATCH of side BATCHED: with 25 of HiT's images at 128 pixels on each of two threads one takes a third longer than
    alone, and 4.4 GB are needed where it is 0.3. Batches of images above SIDE_BY_SIDE take turns, since one fills the
    memory, and others have threads of their own.
    """
    if device != "cpu":
        return of_one_shape(function, rows, on_gpu(configs, side, device), device)
    count = 1 if alone else at_most(BATCH, side, BATCHED)
    parts = [rows[start:start + count] for start in range(0, len(rows), count)]
    return map(function, parts) if side > SIDE_BY_SIDE else iter(parallel.run(function, parts, alike=alone))


def of_one_shape(function, rows, count, device):
    """The same on a GPU, `count` of the rows, an iterable, at a time: the last batch is filled up and cut again. The
    next batch is being made while the caller looks at this one. From the second batch on what `function` asks of the
    GPU is replayed (minihit/capture.py): it is a function of arrays and nothing else."""
    made = _made(function, rows, count, device_module(device))
    upcoming = next(made, None)
    while upcoming is not None:
        here, upcoming = to_host(upcoming), next(made, None)              # in this order: a copy waits for all work
        yield here


def _made(function, rows, count, xp):
    given = None
    for part in stacked(rows, count):
        asked = slice(len(part))
        full = xp.asarray(pinned(part.take(np.arange(count), axis=0, mode="clip")))   # the last row again and again
        if given is None:
            given = xp.empty_like(full)
            made = _of(function, given) if is_plain() else Repeated(_of(function, given), xp)
        given[...] = full
        yield tree.map(operator.itemgetter(asked), made())


def _of(function, given):
    return lambda: function(given)


def stacked(rows, count):
    """Yield arrays of so many rows of an iterable, at last of those that are left."""
    rows = iter(rows)
    while part := [*islice(rows, count)]:
        yield np.stack(part)


def on_gpu(configs, side, device="gpu"):
    """How many images of that side go through networks of these configurations together: always as many on one GPU.

    More than PIXELS would not be quicker; fewer where memory is small. A network takes TAKEN times what it would keep
    for backward at most (on an H100 HiT took 1.1 times that, StyleGAN2 2.9 times).
    """
    return max(1, min(LARGEST, PIXELS // side**2, evaluation_room(device_module(device)) // _taken(configs)))


def memory(configs, side, device="gpu"):
    """Bytes that on_gpu's images take at the peak."""
    return on_gpu(configs, side, device) * _taken(configs)


def _taken(configs):
    return TAKEN * sum(cost.total(cost.rows_of(config)).activations for config in configs)


def at_most(count, side, whole):
    """So many images of that side, of larger ones than `whole` as many as have no more pixels; at least one."""
    return max(1, min(count, count * whole**2 // side**2))
