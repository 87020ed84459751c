"""What a file changes, remembers and cannot bear."""

from types import SimpleNamespace

import numpy as np
import pytest

from minihit.gradcheck import checks, conduct, form
from minihit.gradcheck.table import CHECKS

LINEAR = CHECKS["linear"]
DRAWN = checks.draw(LINEAR, np.random.default_rng(0))
DY = np.random.default_rng(1).standard_normal((2, 3, 4, 8))


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


def fitted(**functions):
    """A layer whose functions get copies, as a Check beside linear's."""
    functions = {**vars(LINEAR.layer), **functions}
    return LINEAR._replace(layer=form.fitted(layer(**{name: functions[name] for name in ("forward", "backward")}),
                                             LINEAR, DRAWN))


def told(rows):
    return {row.path: row.along for row in rows}


def test_an_output_that_backward_changes_is_named():
    def forward(params, x):
        y, cache = LINEAR.layer.forward(params, x)
        return y, {**cache, "y": y}

    def backward(dy, cache):
        if cache["y"].flags.writeable:
            cache["y"] += dy
        return LINEAR.layer.backward(dy, {name: cache[name] for name in cache if name != "y"})

    found = conduct.changed_in_place(layer(forward=forward, backward=backward), LINEAR, DRAWN, DY)
    assert told(found) == {"y": "was changed in place: work on a copy"}


def test_a_right_layer_is_steady_and_overflows_nowhere():
    assert conduct.unsteady(fitted(), LINEAR, DRAWN, DY) == []
    assert conduct.overflowing(fitted(), LINEAR, DRAWN) == []


def test_a_backward_that_reads_a_global_is_told():
    last = {}

    def forward(params, x):
        y, last["cache"] = LINEAR.layer.forward(params, x)
        return y, None

    mine = fitted(forward=forward, backward=lambda dy, cache: LINEAR.layer.backward(dy, last["cache"]))
    how = ("is another where forward is called for others before backward: it reads what is not in its cache, as a "
           "global")
    assert told(conduct.unsteady(mine, LINEAR, DRAWN, DY)) == {"x": how, "params/weight": how}


def test_a_backward_that_changes_its_cache_is_told():
    def backward(dy, cache):
        found = LINEAR.layer.backward(dy, cache)
        cache["x"] = 2 * cache["x"]
        return found

    assert told(conduct.unsteady(fitted(backward=backward), LINEAR, DRAWN, DY)) == {
        "params/weight": "is another where backward is called again with the same cache: it changes what is in there"}


@pytest.mark.parametrize("over_in, path", [("forward", "y of the library"), ("backward", "x")])
def test_what_overflows_is_told_once_where_the_librarys_does_not(over_in, path):
    def forward(params, x):
        y, cache = LINEAR.layer.forward(params, x)
        return y + (0.0 * np.exp(x).sum() if over_in == "forward" else 0.0), {**cache, "large": np.exp(x)}

    def backward(dy, cache):
        large = cache.pop("large")
        dx, grads = LINEAR.layer.backward(dy, cache)
        return dx + 0.0 * large, grads

    found = conduct.overflowing(fitted(forward=forward, backward=backward), LINEAR, DRAWN)
    assert told(found) == {path: "is no number where x is 10000 times as large: something overflows"}


def test_what_is_never_a_number_does_not_overflow():
    mine = fitted(backward=lambda dy, cache: (np.nan * dy, LINEAR.layer.backward(dy, cache)[1]))
    assert conduct.overflowing(mine, LINEAR, DRAWN) == []


def test_what_overflows_in_the_library_may_overflow():
    check = CHECKS["kl"]
    assert conduct.overflowing(check, check, checks.draw(check, np.random.default_rng(0))) == []
