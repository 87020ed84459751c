"""A file is run as Python would run it, and whatever goes wrong in it is one sentence with its line."""

import sys

import numpy as np
import pytest

from minihit.errors import UserError
from minihit.gradcheck import user_file

DOUBLE = "def forward(x):\n    return 2 * x, {}\n\ndef backward(dy, cache):\n    return 2 * dy / cache\n"


@pytest.fixture
def load(tmp_path):
    def write(source):
        path = tmp_path / "mine.py"
        path.write_text(source)
        return user_file.load(path)
    return write


def test_the_functions_of_a_layer_are_found(load):
    layer = load(DOUBLE + "def fold(state, cache): pass\nhelper = 3\n")
    assert set(vars(layer)) == {"path", "forward", "backward", "fold"}
    np.testing.assert_array_equal(layer.forward(np.ones(2))[0], [2.0, 2.0])


@pytest.mark.parametrize("source, sentence", [
    ("def forward(x:\n", "mine.py, line 1: SyntaxError"),
    ("\n1 / 0\n", "mine.py, line 2: ZeroDivisionError: division by zero"),
    ("raise SystemExit(0)", "mine.py, line 1: SystemExit: 0"),
    ("import nowhere", "mine.py, line 1: ModuleNotFoundError: No module named 'nowhere'"),
    ("assert False", "mine.py, line 1: AssertionError"),
    ("x = '\0'", "mine.py"),
    ("def forward(params, x): pass", "mine.py defines no backward: write forward(params, x), which returns (y, cache)"),
    ("forward = 3", "mine.py defines no forward and no backward"),
])
def test_a_file_that_is_no_layer_is_one_sentence(load, source, sentence):
    with pytest.raises(UserError) as refusal:
        load(source)
    assert sentence in str(refusal.value)


def test_an_exception_in_a_function_names_the_innermost_line_of_the_file(load):
    with pytest.raises(UserError, match=r"mine.py, line 5: TypeError: unsupported operand"):
        load(DOUBLE).backward(np.ones(2), {})


def test_a_file_that_is_not_there_is_one_sentence(tmp_path):
    for path in (tmp_path / "gone.py", tmp_path):
        with pytest.raises(UserError, match=r"cannot be read \(.*\): give the file of a layer"):
            user_file.load(path)


def test_a_file_may_import_its_neighbours_and_leaves_nothing_behind(tmp_path, load):
    (tmp_path / "neighbour_of_mine.py").write_text(DOUBLE)
    before = list(sys.path)
    load("from neighbour_of_mine import backward, forward")
    assert sys.path == before
    assert list(tmp_path.rglob("mine*.pyc")) == []
