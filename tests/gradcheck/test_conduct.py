"""What a file changes, remembers and cannot bear."""

from types import SimpleNamespace

import numpy as np

from minihit.gradcheck import checks, conduct
from minihit.gradcheck.table import CHECKS

LINEAR = CHECKS["linear"]
DRAWN = checks.draw(LINEAR, np.random.default_rng(0))


def layer(**functions):
    return SimpleNamespace(path="mine.py", **functions)


def test_an_array_that_is_changed_is_named_though_its_line_is_not_known():
    """A function that is not of a file, or that changes an array only where it may."""
    def backward(dy, cache):
        if dy.flags.writeable:
            dy[:] = 0
        return dy, {}

    def forward(params, x):
        params["weight"] *= 2
        return x, None

    mine = layer(forward=lambda params, x: (x, None), backward=backward)
    (row,) = conduct.changed_in_place(mine, LINEAR, DRAWN, np.ones((2, 3, 4, 8)))
    assert (row.path, row.shape, row.along) == ("dy", (2, 3, 4, 8), "was changed in place: work on a copy")
    assert conduct.changed_in_place(layer(**vars(LINEAR.layer)), LINEAR, DRAWN, np.ones((2, 3, 4, 8))) == []
