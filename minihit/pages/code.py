"""Python as HTML: coloured by Pygments, a line a number, names of the library linked to where they are defined."""

import ast
from html import escape

from pygments import lex
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer
from pygments.token import STANDARD_TYPES

from minihit.pages import names
from minihit.pages.address import of_place

LIGHT, DARK = "default", "github-dark"                                    # Pygments' styles


def html(source, known, home, numbered=False):
    """Of a cell or a file; known: {name: dotted} of what is imported; home: the way from the page to the site's root.

    numbered: every line has an anchor L1, L2, ...
    """
    links, out, place, end = _links(source, known), [], 0, None
    for kind, text in lex(source, PythonLexer(stripnl=False, ensurenl=False)):
        if place in links:
            target, end = links[place]
            out.append(f'<a href="{home}{of_place(target)}">')
        style, shown = STANDARD_TYPES.get(kind, ""), escape(text, quote=False)
        out.append("\n".join(f'<span class="{style}">{line}</span>' if style and line else line
                             for line in shown.split("\n")))
        place += len(text)
        if place == end:
            out.append("</a>")
    text = "".join(out)
    return _numbered(text) if numbered else text


def style():
    """CSS of both styles; the dark one where the reader's system asks for it."""
    light, dark = (HtmlFormatter(style=name).get_style_defs(".code") for name in (LIGHT, DARK))
    return f"{light}\n@media (prefers-color-scheme: dark) {{\n{dark}\n}}\n"


def _numbered(text):
    return "".join(f'<span class="line" id="L{number}"><a class="number" href="#L{number}">{number}</a>{line}</span>'
                   for number, line in enumerate(text.rstrip("\n").split("\n"), 1))


def _links(source, known):
    """{offset: (Place, end)} of the longest chains of names, a.b.c, that the library defines."""
    starts = [0]
    for line in source.splitlines(keepends=True):
        starts.append(starts[-1] + len(line.encode()))
    encoded, found = source.encode(), {}

    def offset(line, column):                                             # ast counts bytes
        return len(encoded[:starts[line - 1] + column].decode())

    for node in ast.walk(ast.parse(source)):
        place = _place(node, known)
        if place:
            start, end = offset(node.lineno, node.col_offset), offset(node.end_lineno, node.end_col_offset)
            if start not in found or found[start][1] < end:
                found[start] = place, end
    return found


def _place(node, known):
    if isinstance(node, (ast.Name, ast.Attribute)):
        return names.resolve(ast.unparse(node), known) if _is_chain(node) else None
    if isinstance(node, ast.alias):
        return names.resolve(node.asname or node.name, known)
    return None


def _is_chain(node):
    while isinstance(node, ast.Attribute):
        node = node.value
    return isinstance(node, ast.Name)
