"""What it takes to check a layer: its inputs, drawn, and all that it promises about derivatives."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from minihit.gradcheck.comparison import (
    FEW,
    as_functions,
    compare,
    compare_tangent,
    compare_values,
    perturb,
    worst,
)
from minihit.gradcheck.derivatives import NotSmooth


class Check(NamedTuple):
    """A layer and what it is checked with.

    layer: a module or the like with forward and backward, and with tangent or fold where it has them.
    shapes: of its inputs. init: init(rng) makes its parameters; None for an op without any. options: of forward; one
    that is a function of rng is drawn. network: whether it is a whole one, with many leaves: no leaf is then checked
    value by value. large: the Check of the same op at the size that it has in a network, for clocks.
    """

    layer: Any
    shapes: tuple
    init: Callable | None
    options: dict
    network: bool = False
    large: "Check | None" = None


def check(layer, *shapes, init=None, large=None, **options):
    """A Check; large = (*shapes), or (*shapes, options) where these differ too."""
    if large is not None:
        *large, others = large if isinstance(large[-1], dict) else (*large, {})
        large = Check(layer, tuple(large), init, {**options, **others})
    return Check(layer, shapes, init, options, large=large)


def draw(check, rng):
    """(params, inputs, options) in float64, off their starting values."""
    params = None if check.init is None else perturb(check.init(rng), rng)
    inputs = tuple(rng.standard_normal(shape) for shape in check.shapes)
    return params, inputs, {name: value(rng) if callable(value) else value for name, value in check.options.items()}


def normal(*shape):
    """An option that is drawn: standard normal values of that shape."""
    return lambda rng: rng.standard_normal(shape)


def run(check, rng, few=FEW, names=None):
    """A Comparison per leaf, and for the tangent and the running averages of a layer that has them.

    few: as in compare, but for networks. names: of the inputs, where not those of layer.forward. Inputs that lie on a
    kink are drawn once more; raises NotSmooth where these do too.
    """
    try:
        return _run(check, rng, few, names)
    except NotSmooth:
        return _run(check, rng, few, names)


def _run(check, rng, few, names):
    params, inputs, options = draw(check, rng)
    functions = as_functions(check.layer, params, inputs, options, names)
    found = compare(*functions, rng, few=0 if check.network else few)
    if hasattr(check.layer, "tangent"):
        found.append(compare_tangent(check.layer, params, inputs, rng, **options))
    if hasattr(check.layer, "fold") and not options:
        found += compare_averages(check.layer, params, inputs[0], rng)
    return found


def repeat(look, draws):
    """The worst of some draws, leaf by leaf; look(rng) returns Comparisons."""
    rng, found = np.random.default_rng(0), {}
    for _ in range(draws):
        for row in look(rng):
            found.setdefault(row.path, []).append(row)
    return [worst(rows) for rows in found.values()]


def compare_averages(layer, params, x, rng):
    """layer.fold beside its definition: 1% of the batch's mean and of its unbiased variance, 99% of what was."""
    axes = tuple(range(x.ndim - 1))
    batch = {"mean": x.mean(axis=axes), "variance": x.var(axis=axes, ddof=1)}
    before = {name: rng.standard_normal(x.shape[-1]) for name in batch}
    folded = layer.fold(before, layer.forward(params, x)[1])
    return [compare_values(folded[name], 0.99 * before[name] + 0.01 * batch[name], f"running {name}") for name in batch]
