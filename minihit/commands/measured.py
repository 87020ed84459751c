"""What minihit measure compares: two sets of pictures, or what a run makes with its own data or with other pictures."""

import contextlib
import math

from minihit.commands import measured_run
from minihit.commands.measured_run import is_run, open_run
from minihit.commands.pictures import MOST
from minihit.comparing.comparison import Comparison
from minihit.comparing.measures import generator
from minihit.comparing.sources import Source, agreed_size, of_data_set, open_set
from minihit.errors import UserError
from minihit.memory import memory_size
from minihit.metrics.sliced_wasserstein import PATCH, PATCHES_PER_IMAGE

COPIES = 7                                                                # of all pixels in float32, of either side
PATCH_BYTES = 4 * 3 * PATCH**2 * PATCHES_PER_IMAGE                        # of an image


def comparisons(options, device):
    """Yield the Comparisons that a command line asks for. Raises UserError where they cannot be made."""
    if is_run(options.a):
        yield from _of_run(options, device)
    elif options.b is None:
        raise UserError(f"{options.a} is no run, which would have data of its own: name behind it what it is to be "
                        f"measured against")
    else:
        yield _of_sets(options, device)


def _of_sets(options, device):
    with opened(options.a, options, device) as a, opened(options.b, options, device) as b:
        if options.pairs:
            _require_equal(options, a.count, b.count)
        size, count = agreed_size(options.size, (a, b)), min(options.count or MOST, a.count, b.count)
        require_room(count, size)
        pictures, reference = a.take(count, size), b.take(count, size)
    if options.pairs:
        _require_equal(options, len(pictures), len(reference))
    seed, count = options.seed or 0, min(len(pictures), len(reference))
    pairs = options.pairs or pictures.names == reference.names != ()
    rngs = generator(seed), generator(seed)
    return Comparison(pictures.first(count), reference.first(count), seed, rngs, pairs=pairs)


def _of_run(options, device):
    run = open_run(options.a, options.seed, options.raw, device)
    own = run.data() if options.b is None else None
    itself = Source(str(options.a), None, math.inf, run.config.preset.size)
    with opened(options.b, options, device) if own is None else contextlib.nullcontext(
            of_data_set(own, run.config.data, options.split)) as source:
        size, count = agreed_size(options.size, (itself, source)), min(options.count or run.config.measure_images,
                                                                       source.count)
        require_room(count, size)
        reference = source.take(count, size)
    yield from measured_run.comparisons(run, reference, own)


@contextlib.contextmanager
def opened(path, options, device):
    """The Source of a path; of a run these are its samples."""
    if is_run(path):
        run = open_run(path, options.seed, options.raw, device)
        yield Source(str(path), lambda count, size: run.samples(count)[0], math.inf, run.config.preset.size)
    else:
        with open_set(path, options.split, options.seed or 0) as source:
            yield source


def require_room(count, size):
    """Raise UserError where so many pictures on both sides do not fit into memory while they are compared."""
    needed = 2 * count * (4 * COPIES * 3 * size**2 + PATCH_BYTES)
    limit = memory_size("cpu") or math.inf
    if needed > limit:
        raise UserError(f"{count:,} pictures of {size} x {size} on both sides take about {needed / 1e9:,.0f} GB of "
                        f"memory and this machine has {limit / 1e9:,.0f} GB: give a smaller --count or --size")


def _require_equal(options, one, other):
    if one != other:
        raise UserError(f"--pairs compares each picture of {options.a} with one of {options.b}, and there are {one:,} "
                        f"and {other:,}: leave --pairs out, or give as many")
