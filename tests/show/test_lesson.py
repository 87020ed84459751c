"""A comparison refuses what differs; a picture is where it is asked for, and nowhere else."""

import sys
from types import SimpleNamespace

import numpy as np
import pytest

from minihit.show.lesson import compare, picture

PNG = b"\x89PNG"


def draw():
    with picture(2, 1) as drawn:
        drawn.subplots().plot([1, 2])


def test_a_comparison_says_what_it_compared_and_by_how_much_it_differs(capsys):
    compare("two numbers", np.array([1.0, 2.0]), np.array([1.0, 2.0 + 1e-9]))
    assert capsys.readouterr().out.split() == ["two", "numbers", "differs", "by", "1e-09"]


@pytest.mark.parametrize("expected", [[1.0, 2.0 + 1e-5], [1.0, np.nan], [[1.0, 2.0]], 1.0])
def test_what_differs_in_values_or_in_shape_is_refused(expected):
    with pytest.raises(AssertionError, match="two numbers"):
        compare("two numbers", np.array([1.0, 2.0]), np.array(expected))


def test_a_script_writes_its_picture_to_the_name_that_it_was_given(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["script.py", "-f", str(tmp_path / "kernel.json"), str(tmp_path / "a.png")])
    draw()
    assert [path.name for path in tmp_path.iterdir()] == ["a.png"]
    assert (tmp_path / "a.png").read_bytes()[:4] == PNG
    assert "a.png" in capsys.readouterr().out


@pytest.mark.parametrize("imported", [{}, {"IPython": SimpleNamespace(get_ipython=lambda: None)}],
                         ids=["plain", "IPython is imported, but runs nothing"])
def test_without_a_name_it_writes_nothing(tmp_path, monkeypatch, capsys, imported):
    for name, module in imported.items():
        monkeypatch.setitem(sys.modules, name, module)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["script.py", "-f", "kernel.json", "-f=kernel.json"])
    draw()
    assert list(tmp_path.iterdir()) == []
    assert capsys.readouterr().out == ""


def test_in_a_notebook_it_stands_below_its_cell(monkeypatch):
    shown = []
    display = SimpleNamespace(Image=lambda content: SimpleNamespace(content=content), display=shown.append)
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: "a shell", display=display))
    monkeypatch.setattr(sys, "argv", ["launcher.py", "-f", "kernel.json"])
    draw()
    assert [image.content[:4] for image in shown] == [PNG]
