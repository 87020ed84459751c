"""A map inside a border of zeros, which convolutions and filters read beyond its edge.

Shapes: x (B, H, W, C); padded (B, before + H + after, before + W + after', C).

Clearing costs a GPU a kernel and a pass over memory. There a padded map is therefore cleared once and serves every map
of its shape: what `pad` returns is good until `pad` is called again. None is ever let go, so that a captured graph
finds it where it was; a process has few shapes, and beyond MOST of them each map is cleared anew. Every thread has its
own.
"""

import threading

from minihit import backend

MOST = 64
_kept = threading.local()                                                 # its maps: {(module, ...): padded}


def pad(x, before=1, after=None):
    """So many pixels before each axis and after it, or as `after` says, (rows, columns)."""
    _, height, width, _ = x.shape
    padded = _cleared(x, before, after or (before, before))
    padded[:, before:before + height, before:before + width] = x
    return padded


def _cleared(x, before, after):
    (b, height, width, c), xp = x.shape, backend.array_module(x)
    shape = (b, before + height + after[0], before + width + after[1], c)
    if not backend.on_gpu(x):
        return xp.zeros(shape, x.dtype)
    kept, key = _kept.__dict__.setdefault("maps", {}), (xp, x.shape, x.dtype, before, after)
    padded = kept[key] if key in kept else xp.zeros(shape, x.dtype)
    if len(kept) < MOST:
        kept[key] = padded
    return padded
