"""minihit gradcheck as its user meets it."""

import math
import time
from pathlib import Path

import pytest
from support.commands import refusal

from minihit.cli import main
from minihit.commands import gradcheck
from minihit.gradcheck import Comparison, plants


def test_gradcheck_prints_a_row_per_leaf(capsys):
    assert main(["gradcheck", "--only", "softmax", "linear, heads"]) == 0
    share, head, *rows, summary = capsys.readouterr().out.splitlines()
    assert share == "share: the error over the allowed one, so above 1 is wrong"
    assert head.split() == ["what", "leaf", "shape", "share", "verdict"]
    assert [row.split("  ")[0] for row in rows] == ["softmax"] + ["linear, heads"] * 4
    assert all(row.endswith("  ok") and len(row) <= 120 for row in rows)
    assert summary.startswith("5 checked, 0 wrong, in ")


def test_gradcheck_shows_the_worst_leaf_of_a_network_unless_it_is_asked_for():
    found = [Comparison(f"leaf {i}", (2,), "value (0,)", 1.0, 1.0, i / 10) for i in range(3)]
    folded, whole = (list(gradcheck.lines("net", found, whole)) for whole in (False, True))
    assert len(whole) == 3 and len(folded) == 1
    assert folded[0].split()[1:3] == ["leaf", "2"] and folded[0].endswith("ok, all 3")


def test_gradcheck_shows_every_wrong_leaf_with_its_numbers():
    found = [Comparison("a", (2,), "value (0,)", 1.5, 1.0, 7.0),
             Comparison("b", (2,), "has no gradient", math.nan, math.nan, math.inf),
             Comparison("c", (2,), "value (0,)", 1.0, 1.0, 0.1)]
    one, other = gradcheck.lines("net", found, False)
    assert one.endswith("WRONG: 1.5 instead of 1, value (0,)") and other.endswith("WRONG: has no gradient")


@pytest.mark.parametrize("argv", [["--dtype", "float32"], ["--only", "batch_norm", "--thorough"], ["--self-test"]])
def test_gradcheck_of_other_kinds_holds(capsys, argv):
    assert main(["gradcheck", *argv]) == 0
    out = capsys.readouterr().out
    assert (f"{len(plants.PLANTS)} mistakes planted, 0 missed" in out) == (argv == ["--self-test"])
    assert (" checked, 0 wrong" in out) == (argv != ["--self-test"])


def test_gradcheck_exits_with_1_where_a_planted_mistake_is_missed(capsys, monkeypatch):
    harmless = {"none": plants.PLANTS["a sign"]._replace(wrong=lambda layer: {})}
    monkeypatch.setattr(plants, "PLANTS", harmless)
    assert main(["gradcheck", "--self-test"]) == 1
    assert "1 mistakes planted, 1 missed" in capsys.readouterr().out


@pytest.mark.parametrize("factor, code", [("1.0", 0), ("1.001", 1)])
def test_gradcheck_of_homework(capsys, here, factor, code):
    Path("mine.py").write_text(f"from minihit.ops import gelu\nforward = gelu.forward\n"
                               f"def backward(dy, cache):\n    return {factor} * gelu.backward(dy, cache)\n")
    assert main(["gradcheck", "mine.py", "--against", "gelu", "--thorough"]) == code
    out = capsys.readouterr().out
    assert ("WRONG" in out) == bool(code) and f"2 checked, {code} wrong" in out


@pytest.mark.parametrize("argv, sentence", [
    (["gone.py", "--against", "gelu"], "gone.py cannot be read (No such file or directory)"),
    (["bad.py", "--against", "gelu"], "bad.py, line 1: ZeroDivisionError: division by zero"),
    (["empty.py", "--against", "gelu"], "empty.py defines no forward and no backward"),
    (["empty.py", "--against", "glu"], "'glu' is not in the table of gradcheck: choose one of attend"),
    (["empty.py"], "--against is missing: name what empty.py should compute"),
    (["--against", "gelu"], "--against compares a file of yours: give its name first"),
    (["empty.py", "--against", "gelu", "--only", "gelu"], "leave it out where you check a file"),
    (["--only", "glu"], "'glu' is not in the table of gradcheck"),
    (["--self-test", "--thorough"], "takes no other option"),
])
def test_gradcheck_refuses_what_cannot_work(capsys, here, argv, sentence):
    Path("empty.py").write_text("")
    Path("bad.py").write_text("1 / 0")
    assert sentence in refusal(capsys, "gradcheck", *argv)


@pytest.mark.slow
def test_gradcheck_of_everything_holds_within_a_minute(capsys):
    start = time.process_time()
    assert main(["gradcheck"]) == 0
    assert time.process_time() - start < 60
    assert f"{len(plants.PLANTS)} mistakes planted, 0 missed" in capsys.readouterr().out
