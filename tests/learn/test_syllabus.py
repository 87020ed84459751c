"""Everything that minihit computes is derived in a chapter, and every exercise of a chapter has its file."""

import ast
import inspect

import pytest
from support.exercises import EXERCISES, HOLES, ROOT, SOLUTIONS

from minihit import optim
from minihit.learn import grade, parts
from minihit.learn.syllabus import CHAPTERS
from minihit.objectives import bottleneck, feature_matching, losses, penalties, reconstruction

DERIVED = {name: chapter.number for chapter in CHAPTERS for name in chapter.derives}
NO_FORMULA = {"__init__", "switch", "matmul"}                             # which of two rooms, and who multiplies
HELPERS = {"init_moments", "rate", "update", "norm"}                      # of Adam and of clip


def files(room):
    return {path.stem for path in (ROOT / "minihit" / room).glob("*.py")} - NO_FORMULA


def functions(module):
    return {name for name, value in vars(module).items() if inspect.isfunction(value) and not name.startswith("_")
            and value.__module__ == module.__name__} - HELPERS


LIBRARY = {
    "ops": files("ops"), "layers": files("layers"), "optimisers": functions(optim), "penalties": functions(penalties),
    "losses": set().union(*map(functions, (losses, reconstruction, bottleneck, feature_matching)))}


@pytest.mark.parametrize("room", LIBRARY)
def test_everything_is_derived_in_a_chapter(room):
    assert LIBRARY[room] and LIBRARY[room] - DERIVED.keys() == set()


def test_nothing_is_derived_that_is_not_there_or_twice():
    assert DERIVED.keys() - set().union(*LIBRARY.values()) == set()
    names = [name for chapter in CHAPTERS for name in chapter.derives]
    assert sorted(set(names)) == sorted(names)


def test_chapters_are_numbered_in_reading_order():
    assert [chapter.number for chapter in CHAPTERS] == list(range(len(CHAPTERS)))
    assert len({chapter.name for chapter in CHAPTERS}) == len({chapter.title for chapter in CHAPTERS}) == len(CHAPTERS)


def test_every_exercise_has_its_file_its_solution_and_no_other():
    files = [chapter.file for chapter in EXERCISES]
    for folder in (HOLES, SOLUTIONS):
        assert sorted(path.name for path in folder.glob("*.py")) == files


def signatures(path):
    """{function: (arguments, docstring)} of a file."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {node.name: (ast.unparse(node.args), ast.get_docstring(node)) for node in tree.body
            if isinstance(node, ast.FunctionDef)}


@pytest.mark.parametrize("chapter", EXERCISES, ids=lambda chapter: chapter.file)
def test_an_exercise_names_its_chapter_and_its_check_and_has_the_functions_that_are_graded(chapter):
    text = (HOLES / chapter.file).read_text(encoding="utf-8")
    assert text.startswith(f'"""Exercise {chapter.number}: ') and f"(tutorials/{chapter.file})" in text
    assert f"minihit learn check {chapter.number}\n" in text and ("NotImplementedError(" in text)
    holes, solution = signatures(HOLES / chapter.file), signatures(SOLUTIONS / chapter.file)
    assert holes.items() <= solution.items()
    wanted = {theirs for name in chapter.exercise for each, theirs in grade.wanted_of(chapter, name).items()
              if each in parts.of(name).written and not theirs.isupper()}
    assert wanted - holes.keys() <= {"forward"}
