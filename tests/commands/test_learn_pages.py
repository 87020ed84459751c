"""minihit learn pages as its user meets it."""

import subprocess
import sys

import pytest
from support.commands import refusal

import minihit.pages
from minihit.cli import main
from minihit.commands.learn import pages
from minihit.pages import build


def test_what_is_built_is_said_and_options_are_handed_on(monkeypatch, capsys, here):
    given = []
    monkeypatch.setattr(build, "build", lambda *arguments: given.append(arguments) or (500, 30_000))
    assert main(["learn", "pages", "--out", "site", "--chapters", "0,4-6", "--address", "git+https://x"]) == 0
    (out, tutorials, numbers, address, _), = given
    assert (str(out), str(tutorials), numbers, address) == ("site", "tutorials", {0, 4, 5, 6}, "git+https://x")
    assert capsys.readouterr().out == "500 files, 30,000 links that all lead somewhere: open site/index.html\n"


def test_mistakes_are_told_in_a_sentence(capsys, here):
    assert "00_nudge_a_number.py is not there: go to the folder" in refusal(capsys, "learn", "pages")
    assert "there is no chapter 99: choose from 0-" in refusal(capsys, "learn", "pages", "--chapters", "3,99")
    assert "chapters '3-1' cannot be read: write numbers" in refusal(capsys, "learn", "pages", "--chapters", "3-1")
    (here / "site").mkdir()
    (here / "site/thesis.tex").write_text("years")
    assert "site is there and is no site of minihit" in refusal(capsys, "learn", "pages")
    assert [path.name for path in here.rglob("*")] == ["site", "thesis.tex"]


def test_a_missing_package_is_named_with_what_brings_it(monkeypatch, capsys, here):
    monkeypatch.delitem(sys.modules, "minihit.pages.build")
    monkeypatch.delitem(sys.modules, "minihit.pages.notebook")
    monkeypatch.delattr(minihit.pages, "notebook")
    monkeypatch.setitem(sys.modules, "jupytext", None)
    assert 'pages need jupytext: pip install "minihit[pages]" brings' in refusal(capsys, "learn", "pages")


@pytest.mark.parametrize("remote, address", [
    ("https://github.com/someone/minihit.git", "git+https://github.com/someone/minihit.git"),
    ("https://someone:secret@github.com/someone/minihit", None), ("git@github.com:someone/minihit", None),
    ("/home/someone/minihit", None), (None, None)])
def test_notebooks_install_from_where_the_repository_was_cloned(remote, address, tmp_path):
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    if remote:
        subprocess.run(["git", "-C", str(tmp_path), "remote", "add", "origin", remote], check=True)
    assert pages.origin(tmp_path) == address
