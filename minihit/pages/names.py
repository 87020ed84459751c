"""Where a name of the library stands: file and line of modules, functions, classes and constants, by dotted name."""

import ast
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import minihit

ROOT = Path(minihit.__file__).parents[1]


class Place(NamedTuple):
    """A line of a file; file: as from the root of the repository."""

    file: str
    line: int


@lru_cache
def modules():
    """{dotted name: path} of every module of minihit."""
    return {_dotted(path): path for path in sorted((ROOT / "minihit").rglob("*.py"))}


def find(dotted):
    """The Place of "minihit.ops.softmax.backward" and the like, None where nothing has the name.

    What a package imports is found where it is defined.
    """
    if dotted in modules():
        return Place(file_of(dotted), 1)
    module, _, name = dotted.rpartition(".")
    if module not in modules():
        return None
    defined = definitions(module)
    if name in defined:
        return Place(file_of(module), defined[name])
    source = imports(tree_of(module)).get(name)
    return find(source) if source and source != dotted else None


def file_of(module):
    return modules()[module].relative_to(ROOT).as_posix()


@lru_cache
def tree_of(module):
    return ast.parse(modules()[module].read_text(encoding="utf-8"))


@lru_cache
def definitions(module):
    """{name: line} of what a module itself defines."""
    found = {}
    for node in tree_of(module).body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            found[node.name] = node.lineno
        elif isinstance(node, (ast.Assign, ast.AnnAssign)):
            found |= {target.id: node.lineno for target in ast.walk(node)
                      if isinstance(target, ast.Name) and isinstance(target.ctx, ast.Store)}
    return found


def imports(tree):
    """{name: dotted} of what a file imports of minihit, but for names that it binds anew somewhere."""
    found, anew = {}, set(bound(tree))
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "minihit":
            found |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
    return {name: dotted for name, dotted in found.items() if name not in anew}


def bound(tree):
    """Names that a file gives to functions, classes, arguments and variables."""
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            yield node.name
        elif isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id


def resolve(words, known):
    """The Place of "softmax.backward" where `known` is {name: dotted}, as of `imports`; else None."""
    first, *rest = words.split(".")
    if first == "minihit":
        return find(words)
    return find(".".join([known[first], *rest])) if first in known else None


def _dotted(path):
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
