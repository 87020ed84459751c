"""Every tutorial runs as it stands: what it claims it asserts."""

import re
import runpy
import sys
from pathlib import Path

import pytest

TUTORIALS = sorted((Path(__file__).parents[1] / "tutorials").glob("*.py"))
CELL = re.compile(r"^# %%(.*)$", re.MULTILINE)


def test_the_tutorials_are_numbered_in_reading_order():
    assert [path.name[:3] for path in TUTORIALS] == [f"{i:02}_" for i in range(len(TUTORIALS))]


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
