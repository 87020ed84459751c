"""Mutants: a source file with one small mistake in it."""

import ast
import copy
from contextlib import contextmanager
from functools import singledispatch
from typing import NamedTuple

SWAPPED = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.FloorDiv: ast.Mult,
    ast.Mod: ast.FloorDiv, ast.Pow: ast.Mult, ast.LShift: ast.RShift, ast.RShift: ast.LShift, ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd, ast.And: ast.Or, ast.Or: ast.And, ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE,
    ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
RENAMED = {"add": "subtract", "subtract": "add", "multiply": "divide", "negative": "positive", "minimum": "maximum",
           "maximum": "minimum", "min": "max", "max": "min", "sum": "mean", "mean": "sum"}
TWINS = {"generator": "discriminator", "real": "fake", "ema": "generator", "first": "second", "beta1": "beta2",
         "params": "averages"}                                            # words of names that lie beside each other
TWINS |= {second: first for first, second in TWINS.items() if first != "ema"}
SYMMETRIC = ("add", "multiply", "minimum", "maximum", "min", "max", "swapaxes")


class Mutant(NamedTuple):
    """A changed file: its path, the line, the statement before and after (the head of a long one)."""

    path: str
    line: int
    before: str
    after: str
    source: ast.Module
    slot: tuple
    variant: ast.AST

    @property
    def key(self):
        return self.path, self.before, self.after

    @property
    def tree(self):
        """The changed file's syntax tree."""
        with _put(self.slot, self.variant):
            return ast.fix_missing_locations(copy.deepcopy(self.source))


def mutants(path, source):
    """Every Mutant of a source file, in the order of its lines."""
    tree = ast.parse(source)
    found = [_mutant(path, tree, slots, variant)
             for node, slots in list(_places(tree)) if not _says_nothing(node, slots)
             for variant in variants(node) if ast.dump(variant) != ast.dump(node)]
    return sorted(found, key=lambda mutant: mutant.line)


def as_written(line):
    """The line of a statement, or the head of one, as this version of Python writes it."""
    return _head(ast.parse(f"{line} pass" if line.endswith(":") else line).body[0])


@singledispatch
def variants(node):
    """What may stand in the place of a node: nodes with one change each."""
    return []


@variants.register
def _(node: ast.BinOp):
    if isinstance(node.op, ast.MatMult):
        return [_changed(node, left=node.right, right=node.left)]
    return [_changed(node, op=SWAPPED[type(node.op)]())]


@variants.register
def _(node: ast.BoolOp):
    return [_changed(node, op=SWAPPED[type(node.op)]())]


@variants.register
def _(node: ast.UnaryOp):
    return [node.operand]


@variants.register
def _(node: ast.Compare):
    swapped = [SWAPPED[type(op)]() for op in node.ops]
    return [_changed(node, ops=[*node.ops[:i], swapped[i], *node.ops[i + 1:]]) for i in range(len(swapped))]


@variants.register
def _(node: ast.Constant):
    """The nearest number that a test must tell, one more for a count, 1.001 times as much for a fraction; the name of
    what lies beside what a text names."""
    if isinstance(node.value, bool):
        return [ast.Constant(not node.value)]
    if isinstance(node.value, float):
        return [ast.Constant(node.value * 1.001 or 1.0)]
    if isinstance(node.value, str):
        return [ast.Constant(name) for name in _twins(node.value)]
    return [ast.Constant(node.value + 1)] if isinstance(node.value, int) else []


@variants.register
def _(node: ast.Attribute):
    return [_changed(node, attr=name) for name in _twins(node.attr)]


@variants.register
def _(node: ast.Call):
    """Without one of its keywords, with two arguments swapped, of the function with the opposite name."""
    name = getattr(node.func, "attr", getattr(node.func, "id", None))
    yield from (_changed(node, keywords=_without(node.keywords, i)) for i, word in enumerate(node.keywords) if word.arg)
    if name not in SYMMETRIC:
        yield from (_changed(node, args=args) for args in _swaps(node.args))
    if name in RENAMED and isinstance(node.func, ast.Attribute):
        yield _changed(node, func=_changed(node.func, attr=RENAMED[name]))


@variants.register(ast.Tuple)
@variants.register(ast.List)
def _(node):
    return [_changed(node, elts=elements) for elements in _swaps(node.elts)]


@variants.register
def _(node: ast.Slice):
    """Without one of its bounds, unless that says the same."""
    said = [bound for bound in ("lower", "upper", "step") if getattr(node, bound)]
    return [_changed(node, **{bound: None}) for bound in said if getattr(getattr(node, bound), "value", None) != 0]


@variants.register
def _(node: ast.IfExp):
    return [node.body, node.orelse]


@variants.register
def _(node: ast.If):
    return [_changed(node, test=ast.Constant(value)) for value in (True, False)]


@variants.register
def _(node: ast.comprehension):
    return [_changed(node, ifs=_without(node.ifs, i)) for i in range(len(node.ifs))]


@variants.register
def _(node: ast.AugAssign):
    return [_changed(node, op=SWAPPED[type(node.op)]()), ast.Pass()]


@variants.register
def _(node: ast.Assign):
    """Gone, where the rest can run without: a part of an array, an entry, a new value of an old name."""
    read = {name.id for name in ast.walk(node.value) if isinstance(name, ast.Name)}
    old = any(isinstance(target, ast.Subscript) or getattr(target, "id", None) in read for target in node.targets)
    return [ast.Pass()] if old else []


@variants.register
def _(node: ast.Expr):
    return [ast.Pass()] if isinstance(node.value, ast.Call) else []


def _changed(node, **fields):
    return ast.copy_location(type(node)(**{**dict(ast.iter_fields(node)), **fields}), node)


def _without(items, i):
    return items[:i] + items[i + 1:]


def _twins(name):
    """The names that differ from it by one word of TWINS."""
    words = name.split("_") if name.isidentifier() else []
    return ["_".join([*words[:i], TWINS[word], *words[i + 1:]]) for i, word in enumerate(words) if word in TWINS]


def _swaps(items):
    """The list with two neighbours swapped, for each pair of them."""
    return [[*items[:i], items[i + 1], items[i], *items[i + 2:]] for i in range(len(items) - 1)]


def _places(node, above=()):
    """Every node below, with the slots (parent, field, index) that lead to it."""
    for field, value in ast.iter_fields(node):
        for i, child in enumerate(value if isinstance(value, list) else [value]):
            if isinstance(child, ast.AST):
                slots = (*above, (node, field, i))
                yield child, slots
                yield from _places(child, slots)


def _says_nothing(node, slots):
    """Annotations; the order of __all__, of the axes of a sum, or of exceptions; what stands behind the minus in
    reshape(-1)."""
    if any(field in ("annotation", "returns") for _, field, _ in slots):
        return True
    above, parent = slots[-2:][0][0], slots[-1][0]
    axes = isinstance(parent, ast.keyword) and parent.arg == "axis" and isinstance(node, ast.Tuple)
    exceptions = isinstance(parent, ast.ExceptHandler) and isinstance(node, ast.Tuple)
    minus = isinstance(parent, ast.UnaryOp) and getattr(getattr(above, "func", None), "attr", "") == "reshape"
    exported = isinstance(parent, ast.Assign) and getattr(parent.targets[0], "id", "") == "__all__"
    return axes or exceptions or minus or exported


def _mutant(path, tree, slots, variant):
    statement = [slot for slot in slots if isinstance(_get(*slot), ast.stmt)][-1]
    line, before = _get(*statement).lineno, _head(_get(*statement))
    with _put(slots[-1], variant):
        return Mutant(path, line, before, _head(_get(*statement)), tree, slots[-1], variant)


@contextmanager
def _put(slot, variant):
    """The variant stands in the slot; after the block the node that was there."""
    node = _get(*slot)
    _set(*slot, variant)
    yield
    _set(*slot, node)


def _get(parent, field, i):
    value = getattr(parent, field)
    return value[i] if isinstance(value, list) else value


def _set(parent, field, i, node):
    if isinstance(getattr(parent, field), list):
        getattr(parent, field)[i] = node
    else:
        setattr(parent, field, node)


def _head(statement):
    """A statement in one line; of one that holds others what comes before them."""
    if hasattr(statement, "body"):
        rest = {"orelse": []} if hasattr(statement, "orelse") else {}
        statement = _changed(statement, body=[ast.Pass()], **rest)
    return " ".join(ast.unparse(statement).removesuffix("\n    pass").split("\n"))
