"""A name leads to the line that defines it."""

import ast
import inspect

import pytest

from minihit import gradcheck, optim
from minihit.layers import linear
from minihit.ops import softmax
from minihit.pages import names


@pytest.mark.parametrize("dotted, function", [
    ("minihit.ops.softmax.backward", inspect.unwrap(softmax.backward)),
    ("minihit.layers.linear.forward", linear.forward),
    ("minihit.optim.adam", optim.adam),
    ("minihit.gradcheck.numerical_gradient", gradcheck.numerical_gradient),     # which a package imports
])
def test_a_function_is_found_where_it_is_defined(dotted, function):
    place = names.find(dotted)
    assert str(names.ROOT / place.file) == inspect.getsourcefile(function)
    line = (names.ROOT / place.file).read_text(encoding="utf-8").splitlines()[place.line - 1]
    assert line.startswith(f"def {function.__name__}(")


def test_modules_and_constants_are_found_and_nothing_else_is():
    assert names.find("minihit.ops.softmax") == ("minihit/ops/softmax.py", 1)
    assert names.find("minihit.layers.layer_norm.EPS").file == "minihit/layers/layer_norm.py"
    assert names.find("minihit.ops.softmax.sideways") is None
    assert names.find("numpy.exp") is None


def test_a_name_that_a_script_binds_anew_is_not_the_library_s():
    tree = ast.parse("from minihit.ops import gelu, softmax as soft\n\ndef gelu(x):\n    return x\n")
    assert names.imports(tree) == {"soft": "minihit.ops.softmax"}


def test_chains_are_resolved_by_what_was_imported():
    known = {"soft": "minihit.ops.softmax"}
    assert names.resolve("soft.backward", known) == names.find("minihit.ops.softmax.backward")
    assert names.resolve("softmax.backward", known) is None
    assert names.resolve("minihit.ops.softmax.backward", known) == names.find("minihit.ops.softmax.backward")
