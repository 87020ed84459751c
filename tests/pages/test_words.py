"""Every word that a chapter introduces is on the page of words, with the sentence that says what it is."""

from types import SimpleNamespace

import pytest
from support.chapters import TUTORIALS

from minihit.learn.syllabus import CHAPTERS
from minihit.pages import notebook, words


def chapter(*texts):
    return SimpleNamespace(cells=[SimpleNamespace(cell_type="markdown", source=text) for text in texts])


@pytest.fixture(scope="module")
def read():
    return list(zip(CHAPTERS, map(notebook.read, TUTORIALS), strict=True))


def test_a_word_is_given_with_the_sentence_that_introduces_it_first():
    found = words.introduced([(1, chapter("# *no*\n\nHere. A *norm* makes\nnumbers even. *Question.* What *is* it?")),
                              (2, chapter("A *norm* again, `*code*`, 2 * 3 * 4, and a *skip*."))])
    assert found == [("norm", "A *norm* makes numbers even.", 1),
                     ("skip", "A *norm* again, `*code*`, 2 * 3 * 4, and a *skip*.", 2)]


def test_a_word_is_introduced_by_a_sentence_that_has_it(read):
    found = words.introduced(read)
    assert len(found) > 80
    assert [word for word, sentence, _ in found if f"*{word}*" not in sentence or len(sentence) <= len(word) + 4] == []
    assert {"loss": 0, "generator": 0, "skip": 3, "heads": 1, "tangent": 19}.items() <= {
        word: one.number for word, _, one in found}.items()


def test_what_is_taken_for_mere_stress_is_still_stressed_somewhere(read):
    said = {word.lower() for _, made in read for cell in made.cells
            for word in words.STRESSED.findall(" ".join(cell.source.split()))}
    assert said >= words.STRESS


def test_the_letters_are_those_of_the_shapes():
    assert {"B", "H, W", "G", "P", "N", "D", "T"} <= {letter for letter, _ in words.LETTERS}
