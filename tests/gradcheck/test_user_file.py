"""A file is run as Python would run it, and whatever goes wrong in it is one sentence with its line."""

import json
import os
import signal
import sys
from pathlib import Path

import numpy as np
import pytest

from minihit.errors import UserError
from minihit.gradcheck import exceptions, user_file

DOUBLE = "def forward(x):\n    return 2 * x, {}\n\ndef backward(dy, cache):\n    return 2 * dy / cache\n"


@pytest.fixture
def load(tmp_path):
    def write(source, name="mine.py"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
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
    ("raise SystemExit(0)", "mine.py, line 1: SystemExit: 0, which ends the program: leave it out, or put it under if"),
    ("import sys\n\nsys.exit()", "mine.py, line 3: SystemExit, which ends the program"),
    ("def f():\n    return f()\n\nf()", "mine.py, line 2: RecursionError: maximum recursion depth exceeded"),
    ("if True:\npass", "mine.py, line 2: IndentationError: expected an indented block"),
    ("import nowhere", "mine.py, line 1: ModuleNotFoundError: No module named 'nowhere'"),
    ("assert False", "mine.py, line 1: AssertionError"),
    ("x = '\0'", "mine.py"),
    ("import broken_neighbour", "mine.py, line 1: SyntaxError: '(' was never closed (broken_neighbour.py, line 1)"),
])
def test_a_file_that_is_no_layer_is_one_sentence(tmp_path, load, source, sentence):
    (tmp_path / "broken_neighbour.py").write_text("x = (")
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


def test_what_is_no_function_is_left_out(load):
    assert set(vars(load("forward = 3\ndef backward(dy, cache): pass"))) == {"path", "backward"}


def test_a_file_knows_its_path_and_runs_in_its_folder(tmp_path, load, monkeypatch):
    """Data beside it are found both ways, when it is run and when its functions are; and the caller stays put."""
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    (tmp_path / "data.txt").write_text("7")
    layer = load("""
from pathlib import Path

assert __name__ != "__main__"
beside = Path(__file__).parent / "data.txt"
number = int(open("data.txt").read())

def forward(x):
    return x * number * int(open("data.txt").read()), beside.read_text()
""")
    y, cache = layer.forward(np.ones(1))
    assert (y[0], cache) == (49.0, "7")
    assert os.getcwd() == str(tmp_path / "elsewhere")


def test_a_file_with_a_relative_path_is_run_too(tmp_path, load, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.py").write_text(DOUBLE)
    layer = user_file.load(Path("mine.py"))
    assert layer.forward(np.ones(1))[0] == [2.0]
    with pytest.raises(UserError, match=r"^mine.py, line 5: TypeError"):
        layer.backward(np.ones(1), {})


def test_dataclasses_with_postponed_annotations_work(load):
    """They look their module up in sys.modules, where a file is only while its code runs."""
    before = dict(sys.modules)
    layer = load("""
from __future__ import annotations
from dataclasses import dataclass
from typing import ClassVar

def forward(x):
    @dataclass
    class Cache:
        count: ClassVar[int] = 1
        x: float
    return x, Cache(x)

cache = forward(2.0)[1]
""")
    assert layer.forward(3.0)[1].x == 3.0
    assert dict(sys.modules) == before


def test_a_file_named_like_a_library_does_not_stand_in_for_it(load):
    layer = load("import numpy as np\nimport json\n" + DOUBLE + "assert np.ones and json.loads", "numpy.py")
    assert layer.forward(np.ones(1))[0] == [2.0]
    assert sys.modules["numpy"] is np


def test_a_second_file_gets_neighbours_of_its_own(tmp_path, load):
    """Even where they are imported when a function is called."""
    layers = []
    for folder in ("first", "second"):
        (tmp_path / folder / "helpers").mkdir(parents=True)
        (tmp_path / folder / "helpers" / "__init__.py").write_text("from helpers.deep import name\ncalls = []")
        (tmp_path / folder / "helpers" / "deep.py").write_text(f"name = {folder!r}")
        (tmp_path / folder / "late.py").write_text(f"name = {folder!r}")
        layers.append(load("""
import helpers
def forward(x):
    import late
    helpers.calls.append(x)
    return late.name, (helpers.name, len(helpers.calls))
""", f"{folder}/mine.py"))
    assert layers[0].forward(0) == ("first", ("first", 1))
    assert layers[1].forward(0) == ("second", ("second", 1))
    assert layers[0].forward(0) == ("first", ("first", 2))
    assert not {"helpers", "helpers.deep", "late"} & set(sys.modules)


def test_folders_that_a_file_adds_to_the_path_are_its_own(tmp_path, load):
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "far_from_mine.py").write_text("name = 'far'")
    before = list(sys.path)
    layer = load("""
import os, sys
sys.path.append(os.path.join(os.path.dirname(__file__), "lib"))
def forward(x):
    import far_from_mine
    return far_from_mine.name, None
""")
    assert sys.path == before
    assert layer.forward(0)[0] == "far"
    assert sys.path == before


def test_what_a_file_prints_is_shown_and_what_functions_print_once(load, capsys):
    layer = load("print('run')\ndef forward(x):\n    print('called', x)\n    return x, None\n")
    assert [layer.forward(i)[0] for i in range(3)] == [0, 1, 2]
    assert capsys.readouterr().out == "run\ncalled 0\n"


def notebook(*cells):
    return json.dumps({"cells": [{"cell_type": kind, "source": source} for kind, source in cells], "nbformat": 4})


def test_the_code_cells_of_a_notebook_are_a_module(load):
    layer = load(notebook(
        ("markdown", "# My layer"),
        ("code", "from __future__ import annotations\n%matplotlib inline\nimport numpy as np"),
        ("code", ["def forward(x: Nowhere):\n", "    return 2 * x, {}\n"]), ("raw", "raise"), ("code", "%%bash\nls"),
        ("code", "def backward(dy, cache):\n    return dy / cache")), "mine.ipynb")
    assert layer.forward(np.ones(1))[0] == [2.0]
    with pytest.raises(UserError, match=r"mine.ipynb, code cell 4, line 2: TypeError") as refusal:
        layer.backward(np.ones(1), {})
    assert refusal.value.place == ", code cell 4, line 2"


@pytest.mark.parametrize("cells, sentence", [
    ([("code", "x = 1"), ("code", "\n1 / 0")], "mine.ipynb, code cell 2, line 2: ZeroDivisionError"),
    ([("code", "x = 1"), ("code", "\n\ndef f(:")], "mine.ipynb, code cell 2, line 3: SyntaxError: invalid syntax"),
    ([("code", "display(3)")], "mine.ipynb, code cell 1, line 1: NameError: name 'display' is not defined"),
])
def test_an_exception_in_a_notebook_names_cell_and_line(load, cells, sentence):
    with pytest.raises(UserError) as refusal:
        load(notebook(*cells), "mine.ipynb")
    assert sentence in str(refusal.value)


def test_an_exception_knows_its_place(load):
    layer = load(DOUBLE)
    with pytest.raises(exceptions.InFile) as refusal:
        layer.backward(np.ones(2), {})
    assert refusal.value.place == ", line 5"
    with pytest.raises(exceptions.InFile) as refusal:
        load("def forward(x):\n    return x, None").forward()
    assert refusal.value.place == ""                                       # it was called wrongly, from elsewhere


def test_shapes_that_do_not_fit_are_told_with_the_line_and_its_arrays(load):
    layer = load("def backward(dy, cache):\n    weight, name = cache\n    return dy @ weight + dy\n")
    with pytest.raises(exceptions.InFile) as refusal:
        layer.backward(np.ones((2, 3)), (np.ones((4, 5)), "weight"))
    assert str(refusal.value).endswith(", in return dy @ weight + dy, with dy (2, 3), weight (4, 5)")
    with pytest.raises(exceptions.InFile, match=r"line 2: ValueError: not enough values .*, in weight, name = "):
        layer.backward(np.ones(2), (1,))


def test_a_call_that_does_not_end_is_stopped_with_its_line(load, monkeypatch):
    monkeypatch.setattr(exceptions, "LONGEST", 0.2)
    layer = load("def forward(x):\n    return x, {}\ndef backward(dy, cache):\n    while True:\n        dy = dy + 0\n")
    with pytest.raises(exceptions.InFile, match=r"line [45]: TimeoutError: it has run for 0.2 s: look for a loop"):
        layer.backward(np.ones(2), {})
    before = signal.getsignal(signal.SIGALRM)
    layer.forward(1)
    assert signal.getsignal(signal.SIGALRM) is before and signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)
