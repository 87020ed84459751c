"""Plots come out the same whatever the settings around them."""

import os

import matplotlib
import pytest
from support.commands import python

from minihit.errors import UserError
from minihit.show.figures import figure

DRAW = """
import sys
from minihit.show.figures import figure
with figure(sys.argv[1], 3, 2) as drawn:
    axes = drawn.subplots()
    axes.plot([1, 2, 3], [3, 1, 2], label="a")
    axes.set(title="a title", xlabel="x")
    axes.legend()
"""
SETTINGS = ["text.usetex: True", "font.family: no such font\nfigure.dpi: 7\nsavefig.dpi: 11", "axes.facecolor: black",
            "savefig.format: pdf\nsavefig.transparent: True", "figure.autolayout: True", "backend: tkagg",
            "lines.linewidth: 30\naxes.prop_cycle: cycler('color', ['r'])", "path.effects: nonsense",
            "\x00 : ,,, nonsense"]


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    folder = tmp_path_factory.mktemp("plain")
    environment = dict.fromkeys(("MPLBACKEND", "MATPLOTLIBRC"), "")
    done = python("-c", DRAW, folder / "a.png", cwd=folder, environment=environment)
    assert done.returncode == 0, done.stderr
    return (folder / "a.png").read_bytes()


@pytest.mark.parametrize("backend", ["module://matplotlib_inline.backend_inline", "nonsense", "TkAgg", "pdf", "pgf"])
def test_a_backend_of_the_surroundings_changes_nothing(tmp_path, plain, backend):
    done = python("-c", DRAW, tmp_path / "a.png", environment={"MPLBACKEND": backend})
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "a.png").read_bytes() == plain


@pytest.mark.parametrize("settings", SETTINGS)
def test_a_matplotlibrc_changes_nothing(tmp_path, plain, settings):
    (tmp_path / "matplotlibrc").write_text(settings)
    done = python("-c", DRAW, tmp_path / "a.png", environment={"MATPLOTLIBRC": str(tmp_path)})
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "a.png").read_bytes() == plain


def test_whoever_uses_matplotlib_too_keeps_what_was_set(tmp_path, monkeypatch):
    monkeypatch.setenv("MPLBACKEND", "agg")
    with matplotlib.rc_context({"lines.linewidth": 17}):
        with figure(tmp_path / "a.png", 1, 1):
            assert matplotlib.rcParams["lines.linewidth"] != 17
        assert matplotlib.rcParams["lines.linewidth"] == 17
    assert os.environ["MPLBACKEND"] == "agg"


def test_a_plot_that_fails_leaves_no_file(tmp_path):
    with pytest.raises(ZeroDivisionError), figure(tmp_path / "a.png", 1, 1):
        raise ZeroDivisionError
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_written_to_is_a_user_error(tmp_path):
    (tmp_path / "a.png").mkdir()
    with pytest.raises(UserError, match="not of a folder"), figure(tmp_path / "a.png", 1, 1):
        pass
