"""Every exercise has three classic mistakes or more, and each is known again by its own sentence."""

from types import SimpleNamespace

import numpy as np
import pytest

from minihit.gradcheck import homework
from minihit.gradcheck.plants import planted
from minihit.learn import parts
from minihit.learn.plants import plants_of
from minihit.learn.syllabus import CHAPTERS
from minihit.ops.switch import plain

EXERCISES = [chapter for chapter in CHAPTERS if chapter.exercise]
FITTING = [(chapter, name, plant) for chapter in EXERCISES for name in chapter.exercise
           for plant in plants_of(parts.of(name)) if plant.check == name]


def graded(part, plant):
    """The Comparisons of a part with a mistake in it, as of a file."""
    layer = SimpleNamespace(path="mine.py", **vars(planted(plant, part.check).layer))
    with plain():
        return homework.compare_file(layer, part.check, np.random.default_rng(0), plants=plants_of(part))


@pytest.mark.parametrize("chapter", EXERCISES, ids=lambda chapter: chapter.file)
def test_an_exercise_has_three_mistakes_or_more(chapter):
    assert len({plant.says for number, _, plant in FITTING if number == chapter}) >= 3


@pytest.mark.parametrize("chapter, name, plant", FITTING, ids=lambda value: getattr(value, "says", ""))
def test_a_planted_mistake_is_known_again(chapter, name, plant):
    part = parts.of(name)
    wrong = {row.path: row.hint for row in graded(part, plant) if not row.share <= 1}
    assert plant.leaf in wrong
    assert {hint.rpartition("this is what comes out when ")[2] for hint in wrong.values()} == {plant.says}
