"""A formula leads to the line of the library that computes it."""

import ast

import pytest
from support.chapters import TUTORIALS, blocks

from minihit.learn.syllabus import CHAPTERS
from minihit.pages import computed, names


def lines(number):
    """The function that finds the lines of a chapter's formulas."""
    source = TUTORIALS[number].read_text(encoding="utf-8")
    return computed.of_chapter(CHAPTERS[number], source, names.imports(ast.parse(source)))


def line(place):
    return (names.ROOT / place.file).read_text(encoding="utf-8").splitlines()[place.line - 1].strip()


@pytest.mark.parametrize("number, begins, expected", [
    (1, "y = x W + b", {"y": "y = matmul(", "dx": "def backward(", "dweight": 'grads = {"weight"',
                        "dbias": "return grads"}),
    (4, "dx = rstd * (dx_hat", {"dx": "dx = (dx_hat - shift"}),
    (6, "ds_i  =", {"softmax.backward": "def backward("}),
    (7, "dvalue = probs^T dout", {"dvalue": "dvalue =", "dquery": "dquery =", "dkey": "dkey ="}),
    (17, "loss of D", {"losses.real_loss": "def real_loss(", "losses.fake_loss": "def fake_loss("}),
    (20, "std = (mean over", {"std": "std ="}),
    (22, "average  =", {"average": "def ema("}),
    (25, "KL         =", {"KL": "def kl("}),
], ids=str)
def test_a_formula_leads_to_what_computes_it(number, begins, expected):
    (formula,) = [block for block in blocks(TUTORIALS[number]) if block.startswith(begins)]
    found = {name: line(place) for name, place in lines(number)(formula)}
    assert found.keys() == expected.keys()
    assert [name for name, text in expected.items() if not found[name].startswith(text)] == [], found


@pytest.mark.parametrize("formula", ["log(1 + exp(x))  =  m + log(exp(-m) + exp(x - m))", "1 2\n3 4"])
def test_what_the_library_does_not_compute_leads_nowhere(formula):
    assert lines(2)(formula) == []


@pytest.mark.parametrize("chapter", [chapter for chapter in CHAPTERS if chapter.derives], ids=lambda one: one.name)
def test_all_that_a_chapter_derives_stands_somewhere(chapter):
    assert [name for name in chapter.derives if not computed.places(name)] == []


@pytest.mark.parametrize("number", range(len(CHAPTERS)), ids=[chapter.name for chapter in CHAPTERS])
def test_lines_are_in_what_the_chapter_derives_or_imports(number):
    source = TUTORIALS[number].read_text(encoding="utf-8")
    known = names.imports(ast.parse(source))
    own = {place.file for name in [*CHAPTERS[number].derives, *known] for _, place in computed.places(name)}
    own |= {place.file for place in map(names.find, known.values()) if place}
    assert {place.file for block in blocks(TUTORIALS[number]) for _, place in lines(number)(block)} <= own
