"""What a chapter says, as HTML: Markdown whose indented blocks are formulas and commands, with links to the library, to
other chapters, and from each formula to the lines that compute it."""

import re
from html import escape
from itertools import pairwise
from typing import NamedTuple

from markdown_it import MarkdownIt

from minihit.learn.syllabus import CHAPTERS
from minihit.pages import formulas, names
from minihit.pages.address import of_chapter, of_file, of_place, slug

COMMAND = re.compile(r"(python|minihit|pip) ")
PIECE = re.compile(r"\S+(?: \S+)*")
INDEXED = re.compile(r"(?<![\w/`.])[A-Za-z][A-Za-z0-9]{0,8}(?:_\{[^}]+\}|_[a-z0-9]{1,3}(?![\w(])|\^[T0-9](?!\w))")
CHAPTER = re.compile(r"\b[Cc]hapters? \d+(?:(?:, | to | and |, and )\d+)*")
PROSE = re.compile(r"(?:[a-z,:']+ +){3}")                                 # a row of words is a remark, no formula


class Context(NamedTuple):
    """What the words of a page can point to.

    known: {name: dotted} as of names.imports; lines: formula -> [(name, Place)]; home: the way to the site's root;
    headings: [(level, title, anchor)], filled as they come.
    """

    known: dict
    lines: object
    home: str
    headings: list


def html(text, context):
    return _MARKDOWN.render(text, {"context": context})


def _linked(place, words, context):
    return f'<a href="{context.home}{of_place(place)}">{words}</a>'


def _code(renderer, tokens, index, options, env):
    """`softmax.backward` and `minihit/ops/softmax.py`, each linked to the source."""
    context, text = env["context"], tokens[index].content
    shown = f"<code>{escape(text, quote=False)}</code>"
    if (names.ROOT / text).is_file() and text.startswith("minihit/"):
        return f'<a href="{context.home}{of_file(text)}">{shown}</a>'
    name = re.match(r"[A-Za-z_][\w.]*(?![\w./])", text)
    place = name and names.resolve(name[0].rstrip("."), context.known)
    return _linked(place, shown, context) if place else shown


def _text(renderer, tokens, index, options, env):
    """Words, with `chapter 7` linked and `x_i` as a formula."""
    text = escape(tokens[index].content, quote=False)
    text = INDEXED.sub(lambda match: formulas.math(match[0]), text)
    home = env["context"].home
    return CHAPTER.sub(lambda match: re.sub(r"\d+", lambda number: _chapter(int(number[0]), home), match[0]), text)


def _chapter(number, home):
    found = [chapter for chapter in CHAPTERS if chapter.number == number]
    return f'<a href="{home}{of_chapter(found[0])}" title="{found[0].title}">{number}</a>' if found else str(number)


def _heading(renderer, tokens, index, options, env):
    headings, level = env["context"].headings, int(tokens[index].tag[1:])
    anchor = slug(tokens[index + 1].content, [anchor for _, _, anchor in headings])
    headings.append((level, tokens[index + 1].content, anchor))
    return f'<h{level} id="{anchor}">'


def _block(renderer, tokens, index, options, env):
    lines = tokens[index].content.rstrip("\n").split("\n")
    if COMMAND.match(lines[0]):
        return f'<pre class="command">{escape(tokens[index].content, quote=False)}</pre>\n'
    computed = [f"<a href=\"{env['context'].home}{of_place(place)}\"><code>{name}</code>, {place.file}:{place.line}</a>"
                for name, place in env["context"].lines(tokens[index].content)]
    caption = f'<p class="computed">in the library: {"; ".join(computed)}</p>' if computed else ""
    return f'<div class="formula"><table>{"".join(_rows(lines))}</table>{caption}</div>\n'


def _rows(lines):
    """Pieces that are typed below each other stand below each other."""
    pieces = [[(match.start(), match[0]) for match in PIECE.finditer(line)] for line in lines]
    columns = sorted({start for row in pieces for start, _ in row})
    for row in pieces:
        cells = []
        for (start, piece), (end, _) in pairwise([*row, (columns[-1] + 1, "")]):
            span = sum(start <= column < end for column in columns)
            empty = "" if cells else "<td></td>" * columns.index(start)
            cells.append(f'{empty}<td colspan="{span}">{_piece(piece)}</td>')
        yield f"<tr>{''.join(cells)}</tr>"


def _piece(text):
    if PROSE.search(text) and "=" not in text:
        return f"<span>{INDEXED.sub(lambda match: formulas.math(match[0]), escape(text, quote=False))}</span>"
    return formulas.math(text)


_MARKDOWN = MarkdownIt("commonmark").enable("table")
for _kind, _rule in [("code_inline", _code), ("text", _text), ("heading_open", _heading), ("code_block", _block)]:
    _MARKDOWN.add_render_rule(_kind, _rule)
