"""Arrows between the rooms of the house go down only: nothing is imported in a circle, neither files nor packages."""

import ast
from collections import defaultdict
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FACES = {"minihit", "minihit.__main__"}                                   # the version, and where a process begins


def module_of(path):
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_of(path): path for path in (ROOT / "minihit").rglob("*.py")}


def imported(name):
    """The modules of minihit that a module imports, anywhere in it."""
    for node in ast.walk(ast.parse(MODULES[name].read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in MODULES)
        elif isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "minihit":
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                yield inner if inner in MODULES else node.module


def room(name):
    """The package or file right below minihit that a module lies in."""
    return name.split(".")[1]


def arrows(between=lambda name: name):
    found = defaultdict(set)
    for name in MODULES.keys() - FACES:
        found[between(name)] |= {between(other) for other in imported(name) if other not in FACES} - {between(name)}
    return found


def circle(graph):
    """Names that lead back to the first of them; None where there are none."""
    done = set()

    def walk(name, path):
        if name in path:
            return [*path[path.index(name):], name]
        if name in done:
            return None
        found = next(filter(None, (walk(other, [*path, name]) for other in sorted(graph[name]))), None)
        done.add(name)
        return found

    return next(filter(None, (walk(name, []) for name in sorted(graph))), None)



@pytest.mark.parametrize("between", [lambda name: name, room], ids=["files", "rooms"])
def test_nothing_is_imported_in_a_circle(between):
    assert circle(arrows(between)) is None


def test_a_circle_is_seen():
    graph = defaultdict(set, a={"b"}, b={"c"}, c={"b"})
    assert circle(graph) == ["b", "c", "b"]


LOWER = ["ops", "layers", "models", "objectives", "training", "commands"]


def test_what_computes_knows_nothing_of_what_trains_and_that_nothing_of_commands():
    graph = arrows(room)
    for index, name in enumerate(LOWER):
        assert graph[name].isdisjoint(LOWER[index + 1:]), name
