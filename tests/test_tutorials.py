"""Every tutorial runs as it stands: what it claims it asserts."""

import ast
import re
import runpy
import sys
from pathlib import Path

import pytest

from minihit.learn.syllabus import CHAPTERS

TUTORIALS = sorted((Path(__file__).parents[1] / "tutorials").glob("*.py"))
CELL = re.compile(r"^# %%(.*)$", re.MULTILINE)


def cells(path):
    """[(kind, text)]: of the percent cells of a file; kind "" is code."""
    _, *parts = CELL.split(path.read_text(encoding="utf-8"))
    return list(zip(parts[::2], parts[1::2], strict=True))


def test_the_tutorials_are_the_chapters_of_the_syllabus():
    assert [path.name for path in TUTORIALS] == [chapter.file for chapter in CHAPTERS]


@pytest.mark.parametrize("chapter, path", list(zip(CHAPTERS, TUTORIALS, strict=True)),
                         ids=[path.stem for path in TUTORIALS])
def test_a_chapter_has_the_title_of_the_syllabus_and_ends_with_its_exercise(chapter, path):
    (_, first), *_, (_, last) = cells(path)
    assert first.splitlines()[1] == f"# # {chapter.number}. {chapter.title}"
    if chapter.exercise:
        assert f"tutorials/exercises/{chapter.file}" in last
        assert f"#     minihit learn check {chapter.number:02}" in last.splitlines()


@pytest.mark.parametrize("chapter, path", list(zip(CHAPTERS, TUTORIALS, strict=True)),
                         ids=[path.stem for path in TUTORIALS])
def test_a_chapter_calls_the_library_s_own_of_all_that_it_derives(chapter, path):
    code = "".join(text for kind, text in cells(path) if not kind)
    assert [name for name in chapter.derives if not re.search(rf"\b{name}\b", code)] == []


@pytest.mark.parametrize("path", TUTORIALS, ids=lambda path: path.stem)
def test_a_chapter_begins_with_a_question_and_draws_one_picture(path):
    """The decoders ask theirs on the way."""
    prose = "".join([text for kind, text in cells(path) if kind][:3])
    assert "# ## A question\n" in prose or path.name[:2] in ("25", "26")
    code = "".join(text for kind, text in cells(path) if not kind)
    assert len(re.findall(r"^with (?:lesson\.)?picture\(", code, re.MULTILINE)) == 1


@pytest.mark.parametrize("number", range(25), ids=[path.stem for path in TUTORIALS[:25]])
def test_what_a_chapter_uses_of_the_library_was_named_in_words_by_then(number):
    prose = "".join(text for path in TUTORIALS[:number + 1] for kind, text in cells(path) if kind)
    source = TUTORIALS[number].read_text(encoding="utf-8")
    imported = [alias.asname or alias.name for node in ast.walk(ast.parse(source))
                if isinstance(node, ast.ImportFrom) and node.module.startswith("minihit") for alias in node.names]
    used = re.findall(r"\b(?:gradcheck|tree|optim|losses|penalties|measure|state|step)\.(\w+)\(", source)
    assert [name for name in {*imported, *used}
            if not re.search(rf"\b{name}\b|\b{name.replace('_', ' ')}", prose, re.IGNORECASE)] == []


@pytest.mark.parametrize("path", TUTORIALS, ids=lambda path: path.stem)
def test_a_chapter_needs_only_those_before_it(path):
    assert all(int(number) <= int(path.name[:2]) for kind, text in cells(path) if kind
               for sentence in re.findall(r"You need[^.]*\.", text.replace("\n#", ""))
               for number in re.findall(r"\d+", sentence))


KERNEL = [["-f", "{}/kernel-1.json"], ["--f={}/kernel-1.json"],
          ["--HistoryManager.hist_file=:memory:", "--ip=127.0.0.1", "--stdin=9003", "-f={}/kernel-1.json"]]


@pytest.mark.parametrize("number, path", list(enumerate(TUTORIALS)), ids=lambda value: getattr(value, "stem", ""))
def test_a_tutorial_runs_and_says_what_it_found(number, path, tmp_path, monkeypatch, capsys):
    """As a script that was given a picture's name, and as in a notebook, whose kernel has arguments and a backend."""
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setenv("MPLBACKEND", "module://matplotlib_inline.backend_inline")
    arguments = [word.format(tmp_path) for word in KERNEL[number % len(KERNEL)]]
    monkeypatch.setattr(sys, "argv", [str(path), *arguments, "picture.png"])
    runpy.run_path(str(path), run_name="__main__")
    assert len(capsys.readouterr().out.splitlines()) >= 10
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["here", "picture.png"]


@pytest.mark.parametrize("path", TUTORIALS, ids=lambda path: path.stem)
def test_a_tutorial_is_made_of_percent_cells(path):
    before, *cells = CELL.split(path.read_text(encoding="utf-8"))
    assert before == ""
    for kind, body in zip(cells[::2], cells[1::2], strict=True):
        assert kind in ("", " [markdown]")
        lines = [line for line in body.splitlines() if line]
        assert lines, "an empty cell"
        if kind:
            assert all(line.startswith("#") for line in lines), lines
