"""Nothing is left out of the table, and all that is in it holds."""

import importlib
import inspect
import pkgutil
from importlib import resources
from types import SimpleNamespace
from unittest import mock

import numpy as np
import pytest

from minihit import tree
from minihit.errors import UserError
from minihit.gradcheck import checks, require
from minihit.gradcheck.table import CHECKS, OPS, named, one_named
from minihit.objectives import bottleneck, feature_matching, losses, penalties, reconstruction
from minihit.ops.fast import winograd
from minihit.ops.switch import plain

NOTICEABLE = 1e-8                                                         # of a gradient along a direction
SMALL = {name: check for name, check in CHECKS.items() if not check.network}   # the networks' tests are in tests/models


@pytest.mark.parametrize("on", [False, True], ids=["tuned", "plain"])
@pytest.mark.parametrize("name", SMALL)
def test_every_gradient_holds(name, on):
    with plain(on):
        require(checks.run(SMALL[name], np.random.default_rng(1)))


@pytest.mark.slow
@pytest.mark.parametrize("name", CHECKS)
def test_every_gradient_holds_whatever_is_drawn(name):
    """Of the small ones in 200 draws; networks take as long as all of these together."""
    check = CHECKS[name]
    for seed in range(20 if check.network else 200):
        require(checks.run(check, np.random.default_rng(seed)))


@pytest.mark.parametrize("name", CHECKS)
def test_a_thousandth_too_much_is_caught_in_every_leaf(name):
    """But where the gradient is all rounding."""
    check = CHECKS[name]

    def too_much(*arguments):
        gradients = check.layer.backward(*arguments)
        parts = gradients if isinstance(gradients, tuple) else (gradients,)
        return tuple(tree.map(lambda leaf: 1.001 * leaf, part) for part in parts)

    wrong = SimpleNamespace(forward=check.layer.forward, backward=too_much)
    rows = checks.run(check._replace(layer=wrong), np.random.default_rng(1), few=0)
    assert [row for row in rows if abs(row.expected) > NOTICEABLE and not row.share > 1] == []


def test_every_op_layer_and_model_is_in_it():
    names = [f"minihit.{package}.{found.name}" for package in ("ops", "layers", "models")
             for found in pkgutil.iter_modules([str(resources.files("minihit") / package)])]
    modules = [importlib.import_module(name) for name in names]
    layers = [getattr(check.layer, "op", check.layer) for check in CHECKS.values()]
    missing = [module.__name__ for module in modules
               if hasattr(module, "forward") and hasattr(module, "backward") and module not in layers]
    assert missing == []


@pytest.mark.parametrize("name", [name for name in CHECKS if name.startswith("conv2d")])
def test_the_entries_named_after_winograd_go_its_way(name):
    with mock.patch.object(winograd, "forward", wraps=winograd.forward) as route:
        checks.run(CHECKS[name], np.random.default_rng(2))
    assert route.called == ("Winograd" in name)


def test_large_entries_are_those_of_ops_in_other_shapes():
    large = {name: check.large for name, check in OPS.items() if check.large}
    assert {name.split(",")[0] for name in large} == {name.split(",")[0] for name in OPS}
    for name, check in large.items():
        assert check.layer is OPS[name].layer and len(check.shapes) == len(OPS[name].shapes)
        assert check.options.keys() == OPS[name].options.keys()


def test_every_loss_and_penalty_is_in_it():
    public = [name for module in (bottleneck, losses, penalties, reconstruction, feature_matching)
              for name, function in inspect.getmembers(module, inspect.isfunction)
              if function.__module__ == module.__name__ and not name.startswith("_")]
    assert set(public) - {"softplus_loss", "hinge_loss"} <= {name.split(",")[0] for name in CHECKS}


def test_a_name_stands_for_all_variants_of_a_layer():
    assert list(named("linear")) == ["linear", "linear, heads"]
    assert list(named("linear, heads")) == ["linear, heads"]
    assert one_named("conv2d") is CHECKS["conv2d"] is not one_named("conv2d, op")
    assert one_named("generator") is CHECKS["generator, base"]


def test_an_unknown_name_is_refused_with_those_that_are_known():
    with pytest.raises(UserError, match="'conv' is not in the table of gradcheck: choose one of attend, augment"):
        named("conv")
