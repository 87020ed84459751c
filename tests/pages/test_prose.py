"""Prose: formulas and commands apart, links to source and to chapters, an anchor for every heading."""

import re

from minihit.pages import names, prose
from minihit.pages.address import of_place


def context(**changes):
    empty = prose.Context({"softmax": "minihit.ops.softmax"}, lambda formula: [], "../", [])
    return empty._replace(**changes)


def test_an_indented_block_is_a_formula_and_a_command_is_none():
    assert "<mfrac>" in prose.html("so\n\n    y = x / 2\n", context())
    assert prose.html("so\n\n    minihit learn check 06\n", context()).endswith(
        '<pre class="command">minihit learn check 06\n</pre>\n')


def test_a_formula_says_where_it_is_computed():
    place = names.find("minihit.ops.softmax.backward")
    html = prose.html("so\n\n    dx = 2\n", context(lines=lambda formula: [("dx", place)]))
    assert f'<a href="../{of_place(place)}"><code>dx</code>, {place.file}:{place.line}</a>' in html


def test_pieces_that_are_typed_below_each_other_are_in_one_column():
    html = prose.html("so\n\n    one  a = 1   x\n    two  b\n\n         c       y\n", context())
    rows = re.findall(r"<tr>(.*?)</tr>", html)
    assert [re.findall(r"<td(?: colspan=\"(\d)\")?>", row) for row in rows] == [
        ["1", "1", "1"], ["1", "2"], [], ["", "1", "1"]]


def test_a_remark_of_words_may_break_and_keeps_its_indices():
    html = prose.html("so\n\n    y = 1    stands in every one of the y_j\n", context())
    assert re.search(r"<span>stands in every one of the <math[^>]*><msub>", html)


def test_code_in_words_leads_to_the_source():
    found = re.findall(r'<a href="\.\./([^"]*)"><code>(.*?)</code>', prose.html(
        "`softmax.backward(dy, cache)`, `minihit/ops/gelu.py`, `np.exp` and `minihit/no/such.py`", context()))
    assert found == [(of_place(names.find("minihit.ops.softmax.backward")), "softmax.backward(dy, cache)"),
                     ("source/minihit/ops/gelu.py.html", "minihit/ops/gelu.py")]


def test_chapters_are_linked_by_their_numbers_and_other_numbers_are_not():
    html = prose.html("You need chapters 0 to 4, and 6; not 5 apples, nor chapter 999.", context())
    assert re.findall(r'<a href="\.\./(\d\d)_\w+\.html" title="[^"]*">(\d+)</a>', html) == [("00", "0"), ("04", "4"),
                                                                                          ("06", "6")]
    assert "chapter 999." in html


def test_letters_with_an_index_are_formulas_and_file_names_are_not():
    html = prose.html("s_i and p^T, but `a_b`, snake_case_name and to_rgb(x)", context())
    assert html.count("<math") == 2 and "snake_case_name" in html and "to_rgb(x)" in html


def test_headings_have_anchors_of_their_own():
    one = context()
    html = prose.html("# 6. Softmax\n\n## Shifts\n\n## Shifts\n", one)
    assert re.findall(r'id="([^"]*)"', html) == ["6-softmax", "shifts", "shifts-2"]
    assert one.headings == [(1, "6. Softmax", "6-softmax"), (2, "Shifts", "shifts"), (2, "Shifts", "shifts-2")]
