"""Coloured code is the code, letter by letter, and its links lead to definitions."""

import re
from html import unescape

import pytest

from minihit.pages import code, names
from minihit.pages.address import of_place

KNOWN = {"softmax": "minihit.ops.softmax", "adam": "minihit.optim.adam"}


def text(html):
    return unescape(re.sub(r"<[^>]*>", "", html))


def links(html):
    """{what is linked: where to}."""
    return {text(inner): target for target, inner in re.findall(r'<a href="([^"]*)">(.*?)</a>', html)}


@pytest.mark.parametrize("source", [
    'y, cache = softmax.forward(x)  # a < b & "c"\n', 'words = """één\nü"""; softmax.backward(dy, cache)\n',
    "\n\nx = 1\n", "if a < b > c:\n\tprint(f'{a!r:<4}')\n"])
def test_nothing_is_lost_or_added(source):
    assert text(code.html(source, KNOWN, "")) == source


def test_names_lead_to_their_lines_also_behind_other_letters():
    found = links(code.html('é = "ü"; softmax.backward(é); adam(softmax)', KNOWN, "../"))
    assert found == {name: "../" + of_place(names.find(dotted)) for name, dotted in [
        ("softmax.backward", "minihit.ops.softmax.backward"), ("adam", "minihit.optim.adam"),
        ("softmax", "minihit.ops.softmax")]}


def test_an_attribute_that_the_library_does_not_define_is_linked_as_far_as_it_goes():
    assert list(links(code.html("softmax.forward.__name__", KNOWN, ""))) == ["softmax.forward"]


def test_numbered_lines_are_as_many_as_the_file_has():
    source = (names.ROOT / "minihit/ops/attend.py").read_text(encoding="utf-8")
    html = code.html(source, {}, "", numbered=True)
    lines = re.findall(r'<span class="line" id="L(\d+)">(.*?)</span>(?=<span class="line"|$)', html, re.DOTALL)
    assert [int(number) for number, _ in lines] == list(range(1, len(source.splitlines()) + 1))
    assert [text(line).removeprefix(number) for number, line in lines] == source.splitlines()


def test_colours_are_there_for_light_and_for_dark():
    light, dark = code.style().split("@media (prefers-color-scheme: dark)")
    assert ".code .k " in light and ".code .k " in dark
