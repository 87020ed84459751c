"""What is typed is what is drawn: fractions, indices, roots, and no letter more or less."""

import re
from xml.etree import ElementTree

import pytest
from support.chapters import TUTORIALS, blocks

from minihit.pages import formulas
from minihit.pages.prose import COMMAND, PIECE

LETTERS = {letter: name for name, letter in formulas.GREEK.items()} | {"∑": "sum"}
NO_LETTERS = re.compile(r"sqrt|_hat|(?<=\d )x(?= \d)")                    # signs, when drawn


def shown(text):
    """MathML as nested brackets: (tag inner ...), letters and signs bare."""
    def brief(element):
        inner = [element.text.strip()] if element.text and element.text.strip() else []
        inner += [brief(child) for child in element]
        return inner[0] if len(inner) == 1 and element.tag in ("mi", "mn", "mo", "mtext", "mrow") else (
            f"({' '.join([element.tag, *inner])})")

    return " ".join(brief(child) for child in ElementTree.fromstring(formulas.math(text)))


@pytest.mark.parametrize("typed, drawn", [
    ("x_j / s^2", "(mfrac (msub x j) (msup s 2))"),
    ("a + b / c", "a + (mfrac b c)"),
    ("(1 + t) / (8 + t)", "(mfrac (mrow 1 + t) (mrow 8 + t))"),
    ("dp_j/ds_i", "(mfrac (msub (mrow d p) j) (msub (mrow d s) i))"),
    ("sum_j dy_j", "(munder ∑ j) (mspace) (msub (mrow d y) j)"),
    ("sum_k / count_k", "(mfrac (msub sum k) (msub count k))"),
    ("sqrt(2 pi)", "(msqrt (mrow 2 (mspace) π))"),
    ("x / sqrt 2", "(mfrac x (msqrt 2))"),
    ("beta2^t", "(msup (msub β 2) t)"),
    ("x_hat", "(mover x ^)"),
    ("2 e^ z^^T", "2 (mspace) (mover e ^) (mspace) (msup (mover z ^) T)"),
    ("f''(x)", "(mrow (msup f ′′) (mrow ( x )))"),
    ("dy_{i-1}", "(msub (mrow d y) (mrow i − 1))"),
    ("|g_b| - 1", "(mrow | (msub g b) |) − 1"),
    ("<A x, dy>", "(mrow ⟨ (mrow A (mspace) x , (mrow d y)) ⟩)"),
    ("p(x | z)", "(mrow p (mrow ( (mrow x ∣ z) )))"),
    ("3 x 3", "3 × 3"),
    ("exp(log_v / 2)", "(mrow exp (mrow ( (mfrac log_v 2) )))"),
    ("weight = [[1, 0,", "weight = (mrow [ (mrow [ (mrow 1 , 0 ,)))"),
], ids=str)
def test_a_formula_is_drawn_as_it_is_meant(typed, drawn):
    assert shown(typed) == drawn


def letters(text):
    return "".join(re.findall(r"[A-Za-z0-9]", "".join(LETTERS.get(letter, letter) for letter in text)))


@pytest.mark.parametrize("path", TUTORIALS, ids=lambda path: path.stem)
def test_no_letter_of_a_chapter_s_formulas_is_lost(path):
    for block in blocks(path):
        for typed in PIECE.findall(block) if not COMMAND.match(block) else []:
            drawn = "".join(ElementTree.fromstring(formulas.math(typed)).itertext())
            assert letters(drawn) == letters(NO_LETTERS.sub("", typed)), typed


def test_a_screen_reader_is_told_what_was_typed():
    assert 'aria-label="x_j &lt; 2"' in formulas.math("x_j < 2")


def test_brackets_grow_around_fractions_alone():
    assert 'stretchy="true"' in formulas.math("(a / b)") and 'stretchy="true"' not in formulas.math("(a + b)")
