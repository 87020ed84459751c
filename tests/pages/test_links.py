"""Every link that leads nowhere is named."""

import pytest

from minihit.pages import links

PAGE = '<!doctype html><h1 id="top">{}</h1>'


def broken(tmp_path, text):
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep/other.html").write_text(PAGE.format('<a href="../index.html#top">back</a>'), "utf-8")
    (tmp_path / "index.html").write_text(PAGE.format(text), "utf-8")
    return links.broken(tmp_path)


@pytest.mark.parametrize("target", ["deep/other.html", "deep/other.html#top", "#top", "", "deep/other.html?x=1#top"])
def test_a_link_that_leads_somewhere_is_counted(target, tmp_path):
    assert broken(tmp_path, f'<a href="{target}">there</a>') == (2, [])


@pytest.mark.parametrize("text, fault", [
    ('<a href="nowhere.html">x</a>', "index.html: nowhere.html, no such file"),
    ('<img src="none.png">', "index.html: none.png, no such file"),
    ('<a href="deep">x</a>', "index.html: deep, no such file"),
    ('<a href="deep/other.html#gone">x</a>', "index.html: deep/other.html#gone, no such place in it"),
    ('<a href="#gone">x</a>', "index.html: #gone, no such place in it"),
    ('<a href="../../etc/hosts">x</a>', "index.html: ../../etc/hosts, no such file"),
    ('<a href="https://example.org/">x</a>', "index.html: https://example.org/, leads out of the site"),
    ('<script src="//example.org/x.js"></script>', "index.html: //example.org/x.js, leads out of the site"),
])
def test_a_link_that_leads_nowhere_is_named(text, fault, tmp_path):
    assert broken(tmp_path, text) == (2, [fault])


def test_two_places_of_one_name_are_a_fault(tmp_path):
    assert broken(tmp_path, '<p id="top">') == (1, ["index.html: #top, twice"])


def test_what_only_looks_like_a_link_is_none(tmp_path):
    assert broken(tmp_path, '<pre>&lt;a href="nowhere.html"></pre>') == (1, [])
