"""minihit learn as its user meets it: the way, and an exercise graded in words."""

import shutil
from pathlib import Path

import pytest
from support.exercises import EXERCISES, HOLES, chapter, edited, solved

from minihit.cli import main
from minihit.learn.syllabus import CHAPTERS


@pytest.fixture(autouse=True)
def exercises(here):
    """A copy of the exercises where a clone has them."""
    return Path(shutil.copytree(HOLES, here / "tutorials/exercises"))


def run(capsys, *argv):
    code = main(["learn", *argv])
    out, err = capsys.readouterr()
    return code, out.splitlines(), err


def test_the_way_shows_every_chapter_and_how_far_one_is(capsys, exercises):
    (exercises / chapter(0).file).write_text(solved(0))
    (exercises / chapter(1).file).write_text("import nowhere\n")
    (exercises / chapter(2).file).write_text(edited(2, "cdf + x * pdf", "cdf"))
    (exercises / chapter(3).file).unlink()
    code, out, _ = run(capsys)
    assert code == 0 and len(out) == len(CHAPTERS) + 2
    assert out[0].split() == ["0", "Nudge", "a", "number", "right"]
    assert out[1].endswith("line 1: ModuleNotFoundError: No module named 'nowhere'")
    assert out[2].endswith("1 of 2 parts right") and out[3].endswith("no exercise here")
    assert out[4].endswith("not begun") and out[23] == "23  Train on faces"
    assert out[-1] == ("Next: read tutorials/01_linear.py, write tutorials/exercises/01_linear.py, then minihit learn "
                       "check 1")


def test_the_way_ends(capsys, exercises, monkeypatch):
    shutil.rmtree(exercises)
    assert run(capsys)[1][-1].startswith("The exercises are in tutorials/exercises/ of minihit's repository")
    exercises.mkdir()
    (exercises / chapter(6).file).write_text(solved(6))
    assert run(capsys)[1][-1] == "All exercises are right. Train on faces with your own layers: minihit learn train"


def test_a_right_exercise_is_all_right(capsys, exercises):
    (exercises / chapter(4).file).write_text(solved(4))
    code, out, _ = run(capsys, "check", "04")
    assert code == 0 and out[0] == "exercise 4, Layer norm, in tutorials/exercises/04_layer_norm.py"
    assert out[1] == "layer_norm: right" and out[3] == "    x (4, 4, 6, 8): right" and out[-1] == "all right"


def test_a_wrong_one_is_told_with_the_leaf_the_property_the_mistake_and_the_chapter(capsys):
    Path("mine.py").write_text(edited(4, "    dx = dx_hat - dx_hat.mean(axis=-1, keepdims=True)\n    dx = dx -",
                                         "    dx = dx_hat -"))
    code, out, _ = run(capsys, "check", "4", "mine.py")
    assert code == 1 and out[1] == "layer_norm: wrong" and out[2].endswith(": right")
    assert out[3] == ("    x (4, 4, 6, 8): wrong: the error is the same all along axis 3: a sum or a mean over it is "
                      "missing, or one too many; this is what comes out when it is forgotten that the mean depends on "
                      "x, too")
    assert out[-1] == "what it is about: tutorials/04_layer_norm.py"
    assert not any("minihit/layers" in line for line in out)


def test_a_hole_is_told_with_what_to_write(capsys):
    code, out, _ = run(capsys, "check", "2")
    assert code == 1 and out[1:4] == [
        "gelu: not written yet",
        "    tutorials/exercises/02_one_value_at_a_time.py, line 17: NotImplementedError: gelu_forward",
        "    write gelu_forward(x) -> (y, cache) and gelu_backward(dy, cache) -> dx, with x (4, 4, 6, 8)"]


def test_a_gradient_of_a_wrong_forward_waits(capsys):
    Path("mine.py").write_text(edited(14, "(p, p), (p, p), (0, 0)))", "(p, p), (p, p), (0, 0)), mode='edge')"))
    code, out, _ = run(capsys, "check", "14", "mine.py")
    assert code == 1 and "wrong only at the border of axes 1 and 2" in out[2]
    assert out[3].endswith("wrong: it is not the gradient of what forward is now, either: let that be right first")
    assert out[5].endswith("params/bias (5,): right for what forward is now")


@pytest.mark.parametrize("argv, sentence", [
    (["grade"], "'grade' is no action of minihit learn: choose one of check, train"),
    (["check", "23"], "'23' is no exercise: choose one of 0, 1, 2"),
    (["check", "4", "gone.py"], "gone.py cannot be read"),
    (["check", "5"], "05_batch_norm.py is not here: go to the folder that holds tutorials/, or give the file"),
])
def test_what_makes_no_sense_is_refused(capsys, exercises, argv, sentence):
    (exercises / chapter(5).file).unlink()
    code, out, err = run(capsys, *argv)
    assert code == 2 and out in ([], ["exercise 4, Layer norm, in gone.py"]) and err.startswith(f"minihit: {sentence}")


@pytest.mark.parametrize("argv", [[], ["check"]])
def test_help_sends_nobody_to_a_solution(capsys, argv):
    assert main(["learn", *argv, "--help"]) == 0
    out = capsys.readouterr().out
    assert "minihit learn check 4" in out and "minihit/layers" not in out and "minihit/ops" not in out


def test_every_exercise_is_on_the_way():
    assert len(EXERCISES) == 25
