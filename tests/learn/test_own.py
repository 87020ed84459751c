"""A learner's layers are found in a folder, graded, and tried in whole networks."""

import pytest
from support.exercises import EXERCISES, HOLES, OF_ADVERSARIES, OF_AUTOENCODERS, chapter, edited, solved

from minihit.errors import UserError
from minihit.learn import own


def test_every_part_of_the_library_that_an_exercise_writes_can_be_a_learners(solutions):
    assert set(solutions) == OF_ADVERSARIES | OF_AUTOENCODERS
    assert set(solutions["linear"].functions) == {"forward", "backward", "tangent"}
    assert solutions["attend"].path.name == "08_many_heads_one_key.py"


def test_holes_other_files_and_files_named_after_an_op_are_told_apart(folder):
    half = edited(2, "    return dy * cache[\"slope\"]\n", "    raise NotImplementedError\n")
    here = folder(_02_one_value_at_a_time=half,
                  _04_layer_norm=(HOLES / chapter(4).file).read_text(), notes="print('not run')\n", softmax=solved(6))
    owns, left_out = own.checked(here)
    assert {name: one.path.name for name, one in owns.items()} == {
        "gelu": "02_one_value_at_a_time.py", "softmax": "softmax.py"}
    assert left_out == ["notes.py is named after no exercise, op or layer",
                        "leaky_relu, layer_norm: not written yet"]


@pytest.mark.parametrize("name, number, sentence", [
    ("_04_layer_norm", 4, "layer_norm is wrong, and nobody should train with it: minihit learn check 4 "),
    ("layer_norm", 4, "layer_norm is wrong, and nobody should train with it: minihit gradcheck "),
])
def test_a_wrong_layer_is_refused(folder, name, number, sentence):
    with pytest.raises(UserError) as refusal:
        own.checked(folder(**{name: edited(number, "return dx * rstd", "return dx / rstd")}))
    assert sentence in str(refusal.value)


def test_what_fits_its_exercise_but_not_the_networks_is_left_out(folder):
    """Heads with a key each, where the networks share one; and axes written down, where the networks have fewer."""
    here = folder(_06_softmax=solved(6), _07_attention=solved(7), _05_batch_norm=edited(
        5, "batch = tuple(range(x.ndim - 1))", "batch = (0, 1, 2)"))
    owns, left_out = own.checked(here)
    assert list(owns) == ["softmax"]
    assert left_out == [f"{file}: {name} is right for the shapes of the exercise, but not for all that the networks "
                        f"have" for file, name in (("05_batch_norm.py", "batch_norm"), ("07_attention.py", "attend"))]


def test_a_folder_without_a_layer_is_refused(folder, tmp_path):
    with pytest.raises(UserError, match=r"holds no layer that could be trained with: write one of the exercises there"):
        own.checked(folder(_00_nudge_a_number=solved(0), notes=""))
    with pytest.raises(UserError, match=r"gone is no folder: give by --with the one that holds your layers"):
        own.checked(tmp_path / "gone")


@pytest.mark.parametrize("name, number, function", [("minibatch_stddev", 20, "tangent"), ("batch_norm", 5, "fold")])
def test_a_file_without_a_function_that_training_calls_is_left_out(folder, name, number, function):
    here = folder(softmax=solved(6), **{name: edited(number, f"def {function}(", f"def {function}_of_mine(")})
    owns, left_out = own.checked(here)
    assert list(owns) == ["softmax"] and left_out == [f"{name}: not written yet"]


def test_a_file_belongs_to_the_exercise_op_or_layer_of_its_name(tmp_path):
    assert own.chapter_of(tmp_path / "04_layer_norm.ipynb") is chapter(4)
    assert own.chapter_of(tmp_path / "linear.py").exercise == ("linear", "linear, heads")
    for name in ("column_sum", "r1", "generator", "mine", "find the bug"):
        assert own.chapter_of(tmp_path / f"{name}.py") is None
    assert all(own.chapter_of(tmp_path / each.file) is each for each in EXERCISES)
