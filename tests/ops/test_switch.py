"""The switch turns for the whole program, and behind every mark there is a twin."""

import importlib
import importlib.util
import inspect
import pkgutil
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from minihit import ops
from minihit.ops import fast, feed_forward, gelu, switch
from minihit.ops.switch import plain, tuned

PIECES = {"border", "columns", "constants", "squares", "strips", "winograd", "winograd_kernels", "winograd_passes"}


def modules(package):
    return {found.name: importlib.import_module(f"{package.__name__}.{found.name}")
            for found in pkgutil.iter_modules(package.__path__) if not found.ispkg}


def functions(module):
    """{name: function} of those that the module itself defines for others."""
    return {name: function for name, function in inspect.getmembers(module, inspect.isfunction)
            if function.__module__ == module.__name__ and not name.startswith("_") and function.__name__ == name}


def marked():
    """{op: {name: function}} of those that have a twin."""
    found = {name: {key: function for key, function in functions(module).items() if hasattr(function, "__wrapped__")}
             for name, module in modules(ops).items() if name != "switch"}
    return {name: those for name, those in found.items() if those}


@pytest.mark.parametrize("name", marked())
def test_every_mark_has_a_twin_that_is_called_the_same_way(name):
    twins = functions(importlib.import_module(f"minihit.ops.fast.{name}"))
    for key, function in marked()[name].items():
        assert inspect.signature(twins[key]) == inspect.signature(function)


def test_every_twin_is_behind_a_mark():
    twins = modules(fast).keys() - PIECES
    assert twins == marked().keys() == {name for name in modules(ops) if switch.has_twin(name)}
    for name in twins:
        assert functions(modules(fast)[name]).keys() & functions(modules(ops)[name]).keys() == marked()[name].keys()


@pytest.fixture
def twin(monkeypatch):
    """What stands for GELU's twin: it returns its arguments."""
    monkeypatch.setattr(importlib.import_module("minihit.ops.fast.gelu"), "forward", lambda *args, **options:
                        (args, options))


def test_a_definition_runs_where_the_program_is_plain_and_its_twin_elsewhere(twin):
    x = np.ones(3)
    assert gelu.forward(x)[0].shape == (3,)                               # plain, as every test here
    with plain(False):
        assert gelu.forward(x, size=2) == ((x,), {"size": 2})
    assert gelu.forward(x)[0].shape == (3,)


def test_a_block_turns_the_switch_back_whatever_happens():
    assert switch.is_plain()
    with pytest.raises(KeyError), plain(False):
        assert not switch.is_plain()
        with plain():
            assert switch.is_plain()
        assert not switch.is_plain()
        raise KeyError
    assert switch.is_plain()


def test_a_command_line_turns_it_for_good():
    switch.use_plain(False)
    assert not switch.is_plain()
    switch.use_plain(True)
    assert switch.is_plain()


def test_the_program_is_tuned_unless_told_otherwise():
    spec = importlib.util.find_spec("minihit.ops.switch")
    fresh = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(fresh)
    assert not fresh.is_plain()


def test_all_threads_see_the_same_switch(twin):
    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(lambda x: gelu.forward(x)[0].shape, [np.ones(3)] * 4)) == [(3,)] * 4
        with plain(False):
            assert list(pool.map(gelu.forward, range(4))) == [((x,), {}) for x in range(4)]


def test_a_mark_without_a_twin_fails_where_it_is_called():
    def nothing(x):
        return x

    for module, error in (("minihit.ops.gelu", AttributeError), ("minihit.ops.nowhere", ModuleNotFoundError)):
        nothing.__module__ = module
        marked = tuned(nothing)
        assert marked(3) == 3
        with plain(False), pytest.raises(error):
            marked(3)


def test_a_mark_leaves_name_and_arguments_as_they_are():
    assert gelu.forward.__name__ == "forward"
    assert list(inspect.signature(feed_forward.forward).parameters)[:2] == ["x", "expand"]
