"""The join of two branches, one fused kernel on a GPU.

Shapes: main, skip, y (...), the same.
"""

from minihit.backend import fused
from minihit.ops.join import HALF


def forward(main, skip):
    return _join(main, skip), {}


@fused
def _join(main, skip):
    return (main + skip) * HALF
