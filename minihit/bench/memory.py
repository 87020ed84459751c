"""Memory: the peak of a process or device, and the bytes that a cache keeps alive."""

import numpy as np

from minihit import tree
from minihit.memory import device_memory, peak_memory


def peak(xp=np):
    """The largest memory in use so far, in bytes: of this process, or of CuPy's pool where xp is CuPy."""
    return peak_memory() if xp is np else device_memory("gpu")


def held(cache, params):
    """The bytes of all arrays that a cache keeps alive, each once, those of the parameters left out."""
    kept = {id(owner): owner.nbytes for owner in map(_owner, _arrays(cache))}
    for _, leaf in tree.items(params):
        kept.pop(id(_owner(leaf)), None)
    return sum(kept.values())


def _arrays(value):
    """Every array within dicts, lists and tuples."""
    if isinstance(value, (dict, list, tuple)):
        for child in value.values() if isinstance(value, dict) else value:
            yield from _arrays(child)
    elif hasattr(value, "nbytes") and hasattr(value, "base"):
        yield value


def _owner(array):
    while getattr(array, "base", None) is not None and hasattr(array.base, "nbytes"):
        array = array.base
    return array
