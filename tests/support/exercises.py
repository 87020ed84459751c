"""Exercises as learners fill them in: right, and wrong by an edit of what is right."""

from pathlib import Path

from minihit.learn.syllabus import CHAPTERS

ROOT = Path(__file__).parents[2]
EXERCISES = [chapter for chapter in CHAPTERS if chapter.exercise]
HOLES, SOLUTIONS = ROOT / "tutorials/exercises", ROOT / "tests/learn/solutions"


def chapter(number):
    return next(each for each in EXERCISES if each.number == number)


def solved(number):
    """The source of a solution."""
    return (SOLUTIONS / chapter(number).file).read_text(encoding="utf-8")


def edited(number, old, new):
    """The source of a solution in which something is another."""
    source = solved(number)
    assert source.count(old) >= 1, f"{old!r} is not in the solution of {number}"
    return source.replace(old, new)
