"""Which lines of the library compute what a formula says: those that set the variable on its left side, or else the
pass that the formula is about."""

import ast
import re
from functools import lru_cache

from minihit.pages import names
from minihit.pages.names import Place

ROOMS = ("ops", "layers", "objectives", "optim", "models")
LEFT = re.compile(r"(?:^|  |: |, )([A-Za-z][\w/]*?)(?:_[a-z0-9]{1,3}|_\{[^}]*\}|\[[^]]*\])?\s*(?:[-+]?=|<-)(?!=|\s*\[)",
                  re.MULTILINE)
CALLED = re.compile(r"(?<![\w.])[a-z]\w*(?:\.\w+)+")
SECTION = re.compile(r"^# ## ", re.MULTILINE)
SHORT = {"dW": "dweight", "db": "dbias"}
PASSES = {"forward": "y", "backward": "dx", "input_gradient": "dx", "weight_gradient": "dweight"}
FEW = 2                                                                   # subjects that a whole chapter is about
MOST = 4                                                                  # lines that are given for one formula


@lru_cache
def places(name):
    """[(dotted, Place)] of an op, a layer, a loss, a penalty or an optimiser: a module, or a function of that name."""
    inside = [module for module in names.modules() if module.split(".")[1:2] in [[room] for room in ROOMS]]
    dotted = [f"minihit.{room}.{name}" for room in ("ops", "layers") if f"minihit.{room}.{name}" in inside]
    dotted += [f"{module}.{name}" for module in inside if name in names.definitions(module) and ".fast." not in module]
    return [(one, names.find(one)) for one in dotted]


def of_chapter(chapter, source, known):
    """A function: formula -> [(name, Place)], of what its section is about: what it names of what the chapter derives,
    or else all that this derives, or imports."""
    sections = SECTION.split(source)
    imported = [name for name, dotted in known.items() if dotted.split(".")[1] in ROOMS]

    def lines(formula):
        section = _section_of(formula, sections)
        named = [name for name in chapter.derives or imported if re.search(rf"\b{name}\b", section)]
        subjects = [found for name in named or chapter.derives or imported for found in places(name)]
        return _lines(formula, subjects, bool(named) or len(chapter.derives) <= FEW, known)

    return lines


def _section_of(formula, sections):
    first = formula.strip("\n").split("\n")[0].rstrip()
    return next((section for section in sections if first in section), "")


def _lines(formula, subjects, sure, known):
    """sure: the formula is about the subjects, also where it has none of their variables."""
    left = [SHORT.get(name, name) for name in LEFT.findall(formula)]
    called = ((text, names.resolve(text, known)) for text in CALLED.findall(formula))
    found = [(text, place) for text, place in called if place and not place.file.endswith("__init__.py")]
    found += [hit for name in dict.fromkeys(left) for hit in _setting(name, subjects)]
    if not found and left and sure:
        found = _passes("backward" if any(name.startswith("d") for name in left) else "forward", subjects)
    return list({place: (name, place) for name, place in found}.values())[:MOST]


def _setting(name, subjects):
    """[(name, Place)]: the subject of that name, the first line that sets such a variable, or the pass that returns it;
    empty where there is none."""
    for dotted, place in subjects:
        if dotted.split(".")[-1] == name.lower():
            return [(name, place)]
    for lines in (_variables, _returned):
        for dotted, place in subjects:
            found = lines(place.file, None if dotted in names.modules() else place.line).get(name)
            if found:
                return [(name, Place(place.file, found))]
    return []


def _functions(file, line):
    """Those of a file, or the one that begins at the line."""
    return [node for node in ast.parse((names.ROOT / file).read_text(encoding="utf-8")).body
            if isinstance(node, ast.FunctionDef) and line in (None, node.lineno)]


@lru_cache
def _variables(file, line):
    """{variable: the first line that computes it}; of a single function, its arguments too."""
    found = {}
    for function in _functions(file, line):
        for node in ast.walk(function):
            for name in _set_by(node, function.name):
                found.setdefault(name, node.lineno)
        if line:
            found |= {one.arg: line for one in function.args.args if one.arg not in found}
    return found


@lru_cache
def _returned(file, line):
    return {PASSES[function.name]: function.lineno for function in reversed(_functions(file, line))
            if function.name in PASSES}


def _set_by(node, function):
    """What a node computes; not what it takes out of a cache or is handed by another layer."""
    if isinstance(node, ast.Dict) and PASSES.get(function, "y") != "y":
        return [f"d{key.value}" for key in node.keys if isinstance(key, ast.Constant)]
    if isinstance(node, ast.Assign) and not isinstance(node.value, (ast.Subscript, ast.Name)):
        return [target.id for target in node.targets if isinstance(target, ast.Name)]
    return []


def _passes(kind, subjects):
    """The forward or the backward of the first layer, or the first function where none is a layer."""
    found = [(f"{dotted.split('.')[-1]}.{kind}", names.find(f"{dotted}.{kind}")) for dotted, _ in subjects]
    functions = [(dotted.split(".")[-1], place) for dotted, place in subjects if dotted not in names.modules()]
    return [(name, place) for name, place in found if place][:1] or functions[:1]
