"""All that a layer computes from what was drawn, and all that it computes it with."""

import numpy as np

from minihit import tree
from minihit.gradcheck.comparison import as_functions
from minihit.gradcheck.derivatives import normal
from minihit.gradcheck.signature import input_names
from minihit.ops.switch import plain

OUTPUT = "y of the library"                                               # the row of a file's output
APART = 1_000_003                                                         # from the streams that inputs are drawn from


def results(entry, check, drawn, alter=lambda stage, tree: tree):
    """{path: array}: output, gradients, tangent and running averages, named as in the Comparisons of checks.run.

    alter(stage, tree) returns what is worked with: of drawn ("given"), then of {"dy", "t_x", "averages", "cache"}
    ("kept").
    """
    params, inputs, options = alter("given", drawn)
    forward, backward, arguments = as_functions(entry.layer, params, inputs, options, input_names(check))
    for_dy, for_tangent, for_fold = (np.random.default_rng([APART, each]) for each in range(3))
    (y,), cache = forward(arguments)
    kept = alter("kept", {
        "dy": normal(for_dy, y), "t_x": normal(for_tangent, inputs[0]) if inputs else None,
        "averages": {name: for_fold.standard_normal(inputs[0].shape[-1:]) if inputs else None
                     for name in ("mean", "variance")}, "cache": cache})
    found = {OUTPUT: np.asarray(y), **dict(tree.items(backward([kept["dy"]], kept["cache"])))}
    if hasattr(entry.layer, "tangent"):
        t_y = entry.layer.tangent(kept["t_x"], kept["cache"])
        found["tangent"] = t_y[0] if isinstance(t_y, tuple) else t_y
    if hasattr(entry.layer, "fold") and not options:
        folded = entry.layer.fold(kept["averages"], kept["cache"])
        found |= {f"running {name}": folded[name] for name in kept["averages"]}
    return found


def worked_with(check, drawn):
    """{stage: tree}: all that the library's layer works with, on the definitions of the ops, whose caches one can read.
    """
    found = {}
    with plain():
        results(check, check, drawn, lambda stage, tree: found.setdefault(stage, tree))
    return found
