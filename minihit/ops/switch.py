"""One switch for the whole program: tuned, which it is unless told otherwise, or plain.

A function in minihit/ops/X.py says what is computed. Where it is marked @tuned, minihit/ops/fast/X.py has a twin of the
same name that computes the same in less time, and a call runs the twin unless the program is plain.

    with plain():
        images, cache = generator.forward(params, z, config)

A cache belongs to the room that made it: turn the switch before a forward pass or after its backward pass. All threads
see the same switch.
"""

import functools
import importlib
import importlib.util
from contextlib import contextmanager

_plain = False


def tuned(definition):
    """Marks a definition that has a twin; where the twin is missing, calls fail."""
    name, room = definition.__name__, definition.__module__.replace("minihit.ops.", "minihit.ops.fast.")

    @functools.wraps(definition)
    def call(*args, **options):
        function = definition if _plain else getattr(_module(room), name)
        return function(*args, **options)

    return call


def has_twin(op):
    """Whether anything in minihit/ops/{op}.py is marked."""
    return importlib.util.find_spec(f"minihit.ops.fast.{op}") is not None


def is_plain():
    return _plain


def use_plain(on):
    """Turn the switch and leave it so, as a command line does."""
    global _plain
    _plain = on


@contextmanager
def plain(on=True):
    """Turn the switch for the time of a block."""
    before = _plain
    use_plain(on)
    try:
        yield
    finally:
        use_plain(before)


_module = functools.cache(importlib.import_module)                        # when first called: a twin imports its op
