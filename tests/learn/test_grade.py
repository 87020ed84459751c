"""Exercises are graded: right ones, holes, and every kind of what can go wrong."""

import ast

import pytest
from support.exercises import EXERCISES, HOLES, SOLUTIONS, chapter, edited, solved

from minihit.errors import UserError
from minihit.learn import grade
from minihit.learn.syllabus import CHAPTERS
from minihit.ops.switch import is_plain


@pytest.fixture
def graded(tmp_path):
    """graded(number, source): {part: Verdict}."""
    def run(number, source):
        path = tmp_path / chapter(number).file
        path.write_text(source, encoding="utf-8")
        return {verdict.part: verdict for verdict in grade.grade(chapter(number), path)}
    return run


@pytest.mark.parametrize("chapter", EXERCISES, ids=lambda chapter: chapter.file)
def test_a_solution_is_right(chapter):
    verdicts = grade.grade(chapter, SOLUTIONS / chapter.file)
    assert [verdict.part for verdict in verdicts] == list(chapter.exercise)
    assert [(verdict.part, verdict.refusal, row.path) for verdict in verdicts for row in verdict.rows or [None]
            if row is None or not row.share <= 1] == []
    assert not is_plain()


@pytest.mark.parametrize("chapter", EXERCISES, ids=lambda chapter: chapter.file)
def test_holes_are_not_written_yet(chapter):
    for verdict in grade.grade(chapter, HOLES / chapter.file):
        assert verdict.unwritten and not verdict.right and verdict.refusal.startswith(str(HOLES / chapter.file))
        assert "NotImplementedError" in verdict.refusal or "defines no ANSWER" in verdict.refusal


def test_one_part_is_graded_while_another_is_not_written(graded):
    found = graded(2, edited(2, "    return dy * cache[\"slope\"]\n", "    raise NotImplementedError\n"))
    assert found["gelu"].right and found["leaky_relu"].unwritten
    assert found["leaky_relu"].refusal.endswith("02_one_value_at_a_time.py, line 33: NotImplementedError")


def test_a_backward_alone_is_graded_with_the_librarys_forward(graded):
    """On the definitions of the ops, whose caches are those that one can read."""
    found = graded(4, "def backward(dy, cache):\n    axes, x_hat = (0, 1, 2), cache['x_hat']\n"
                      "    dx = dy * cache['scale']\n    mean = lambda x: x.mean(-1, keepdims=True)\n"
                      "    return (dx - mean(dx) - x_hat * mean(dx * x_hat)) * cache['rstd'], "
                      "{'scale': (dy * x_hat).sum(axes), 'bias': dy.sum(axes)}\n")
    assert found["layer_norm"].right


def test_an_exception_is_told_with_its_line(graded):
    found = graded(6, edited(6, 'cache["probs"] * dprobs', 'cache["prob"] * dprobs'))
    assert found["softmax"].refusal.endswith("06_softmax.py, line 18: KeyError: 'prob'")
    assert not found["softmax"].unwritten and not found["softmax"].right


def test_what_is_not_defined_is_told(graded):
    found = graded(21, edited(21, "def color_backward", "def colour_backward"))["color"]
    assert found.refusal.endswith("21_augment_and_agree.py defines no color_backward") and found.unwritten


def test_what_is_changed_in_place_is_told_with_the_numbers(graded):
    source = edited(4, "    dx_hat = dy *", "    dy *= 1.0\n    dy += 1.0\n    dx_hat = (dy - 1.0) *")
    found = graded(4, source)["layer_norm"]
    rows = {row.path: row for row in found.rows}
    assert rows["dy"].along == "was changed in place, line 22: work on a copy"
    assert rows["x"].share <= 1 and not found.right


def test_gradients_beside_a_wrong_output_are_told_for_what_they_are(graded):
    """Of the right output, of the wrong one, or of neither."""
    rows = graded(25, edited(25, ".sum() / count", ".mean()"))["kl"].rows
    assert {row.path: grade.said(row, rows) for row in rows[1:]} == dict.fromkeys(
        ("mean", "log_variance"), "wrong: it is the gradient of the right y: it is forward that is wrong")
    rows = graded(2, edited(2, "1.0, 0.2).astype", "1.0, 0.3).astype"))["leaky_relu"].rows
    assert grade.said(rows[-1], rows) == "right for what forward is now"
    rows = graded(6, edited(6, "powers.sum(axis=-1", "powers.sum(axis=-2"))["softmax"].rows
    assert grade.said(rows[-1], rows) == (
        "wrong: it is not the gradient of what forward is now, either: let that be right first")


def test_a_global_in_the_place_of_the_cache_is_told(graded):
    source = edited(2, "def leaky_relu_forward(x):", "def leaky_relu_forward(x):\n    global last\n    last = x")
    found = graded(2, source.replace('dy * cache["slope"]', "np.where(last > 0, dy, 0.2 * dy)"))["leaky_relu"]
    (row,) = [row for row in found.rows if not row.share <= 1]
    assert row.path == "x" and row.along.endswith("it reads what is not in its cache, as a global")


def test_a_refusal_says_once_what_to_write(graded):
    source = edited(1, "dx.reshape(cache[\"shape\"]), grads", "grads, dx.reshape(cache[\"shape\"])")
    assert graded(1, source)["linear"].refusal.endswith("linear.py: backward returns (grads, dx), in the wrong order")


def test_a_stage_that_returns_none_for_an_image_lacks_its_gradient(graded):
    source = edited(13, "upsample.backward(dimage, cache[\"upsample\"]) if \"upsample\" in cache else None", "None")
    rows = graded(13, source)["stage, colours"].rows
    assert [(row.path, row.along) for row in rows if not row.share <= 1] == [("image", "has no gradient")]


def test_a_named_backward_that_is_right_is_told_so(graded):
    found = graded(0, edited(0, 'ANSWER = "b"', 'ANSWER = "c"'))
    (row,) = found["find the bug"].rows
    assert row.hint.endswith("ANSWER names a backward whose gradient is right: ask all three with a random dy")
    assert graded(0, edited(0, 'ANSWER = "b"', 'ANSWER = "d"'))["find the bug"].refusal


def test_no_exercise_has_that_number():
    assert grade.chapter_of("04") is grade.chapter_of("4") is chapter(4)
    for number in ("23", "99", "-1", "four", ""):
        with pytest.raises(UserError, match=r"is no exercise: choose one of 0, 1, 2, 3"):
            grade.chapter_of(number)


def test_an_exercise_is_found_in_the_first_folder_that_has_it(tmp_path):
    first, second = tmp_path / "first", tmp_path / "second"
    for folder in (first, second):
        folder.mkdir()
    (second / chapter(4).file).write_text("")
    assert grade.file_of(chapter(4), (first, second)) == second / chapter(4).file
    assert grade.file_of(chapter(5), (first, second)) is None


@pytest.mark.parametrize("number, name, words", [
    (4, "layer_norm", "forward(params, x) -> (y, cache) and backward(dy, cache) -> (dx, grads), with params {"),
    (2, "gelu", "gelu_forward(x) -> (y, cache) and gelu_backward(dy, cache) -> dx, with x (4, 4, 6, 8)"),
    (19, "conv2d, tangent", "conv2d_tangent(t_x, cache) -> t_y"),
    (22, "clip", "clip(grads, largest)"),
    (0, "find the bug", "ANSWER"),
])
def test_what_to_write_is_described(number, name, words):
    assert grade.described(chapter(number), name).startswith(words)


def test_no_solution_is_in_the_package():
    """Whole functions of the solutions, that is: what a learner is asked for may be in the library in its own words."""
    solutions = [ast.unparse(node) for each in EXERCISES for node in ast.parse(solved(each.number)).body
                 if isinstance(node, ast.FunctionDef)]
    package = "\n".join(path.read_text(encoding="utf-8") for path in (HOLES.parents[1] / "minihit/learn").glob("*.py"))
    assert len(solutions) > 50 and not [each for each in solutions if each in package]


def test_chapters_without_an_exercise_have_none():
    assert {chapter.number for chapter in CHAPTERS if chapter.exercise is None} == {23, 24, 27, 28, 29, 30, 31}
