"""minihit gradcheck FILE as its user meets it: rows with hints, a backward alone, notebooks, and the list of names."""

import json
from pathlib import Path

import pytest

from minihit.cli import main
from minihit.gradcheck.table import CHECKS

GELU = "from minihit.ops import gelu\nforward = gelu.forward\ndef backward(dy, cache):\n    return {}\n"


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def run(capsys, *argv):
    """(exit code, lines of the output, the line of a refusal)."""
    code = main(["gradcheck", *argv])
    out, err = capsys.readouterr()
    return code, out.splitlines(), err


def test_the_header_says_what_a_share_is(capsys):
    code, out, _ = run(capsys, "--only", "softmax")
    assert code == 0 and out[0] == "share: the error over the allowed one, so above 1 is wrong"
    assert out[1].split() == ["what", "leaf", "shape", "share", "verdict"]


def test_a_wrong_gradient_is_followed_by_what_it_comes_from(capsys):
    Path("mine.py").write_text(GELU.format("-gelu.backward(dy, cache)"))
    code, out, _ = run(capsys, "mine.py", "--against", "gelu")
    assert code == 1 and "WRONG" in out[4] and out[5] == "    x: its sign is wrong"


def test_a_right_gradient_is_followed_by_nothing(capsys):
    Path("mine.py").write_text(GELU.format("gelu.backward(dy, cache)"))
    code, out, _ = run(capsys, "mine.py", "--against", "gelu", "--thorough")
    assert code == 0 and len(out) == 6 and out[-1].startswith("2 checked, 0 wrong")


def test_a_backward_alone_is_told_what_its_cache_holds(capsys):
    Path("mine.py").write_text("def backward(dy, cache):\n    return dy * cache['slope']\n")
    code, out, _ = run(capsys, "mine.py", "--against", "gelu")
    assert code == 0
    assert out[1] == 'mine.py has no forward: backward gets the cache of the library\'s, {"slope" (4, 4, 6, 8)}'


def test_what_is_expected_stands_above_the_numbers_and_in_a_refusal(capsys):
    wanted = "forward(x) -> (y, cache) and backward(dy, cache) -> dx, with x (4, 4, 6, 8)"
    Path("mine.py").write_text(GELU.format("gelu.backward(dy, cache)"))
    assert run(capsys, "mine.py", "--against", "gelu")[1][0] == f"expected: {wanted}"
    Path("mine.py").write_text("def forward(x):\n    return x, {}\n")
    code, out, err = run(capsys, "mine.py", "--against", "gelu")
    assert code == 2 and out == [] and f"mine.py defines no backward: write {wanted}" in err


def test_a_notebook_is_checked(capsys):
    cells = [{"cell_type": "code", "source": ["%time 1\n", *GELU.format("cache['slope'] * dy").splitlines(True)]}]
    Path("mine.ipynb").write_text(json.dumps({"cells": cells}))
    code, out, _ = run(capsys, "mine.ipynb", "--against", "gelu")
    assert code == 0 and out[-1].startswith("2 checked, 0 wrong")


def test_the_list_names_everything_with_what_to_write(capsys):
    code, out, _ = run(capsys, "--list")
    assert code == 0 and out[::2] == list(CHECKS) and all(line.startswith("    forward(") for line in out[1::2])
    functions = "    forward(params, x) -> (y, cache) and backward(dy, cache) -> (dx, grads)"
    assert run(capsys, "--list", "--only", "linear")[1] == [
        "linear", f'{functions}, with params {{"weight" (8, 8), "bias" (8,)}}, x (2, 3, 4, 8)',
        "linear, heads", f'{functions}, with params {{"weight" (4, 8, 2, 3), "bias" (2, 3)}}, x (2, 3, 4, 8)']


@pytest.mark.parametrize("argv, sentence", [
    (["--list", "--thorough"], "--list checks nothing and takes no other option than --only: leave the others out"),
    (["--list", "--self-test"], "--list checks nothing"),
    (["--list", "--only", "glu"], "'glu' is not in the table of gradcheck: choose one of attend"),
    (["mine.py", "--against", "gelu"], "mine.py: backward computes x in float32: give float64 back"),
])
def test_what_makes_no_sense_is_refused(capsys, argv, sentence):
    Path("mine.py").write_text(GELU.format("(cache['slope'] * dy).astype('float32')"))
    code, out, err = run(capsys, *argv)
    assert code == 2 and out == [] and err.startswith("minihit: ") and sentence in err


def test_the_help_sends_nobody_to_the_solution(capsys):
    main(["gradcheck", "--help"])
    out = capsys.readouterr().out
    assert "minihit/layers" not in out and "--list" in out and ".ipynb" in out
