"""The page of a chapter: prose beside the code that follows it, what the code printed and drew below it."""

import ast
import base64
from html import escape
from itertools import groupby
from typing import NamedTuple

from minihit.learn.syllabus import CHAPTERS
from minihit.pages import code, computed, layout, names, prose
from minihit.pages.address import of_chapter, of_place

NOT_RUN = '<p class="about">The code of this page was not run when it was built: no outputs and no pictures.</p>'


class Text(NamedTuple):
    """A section, for the search: what stands under a heading."""

    title: str
    address: str
    words: str


def page(chapter, notebook, source, exercise=None):
    """({address: str or bytes}, [Text]) of a chapter: its page, and its pictures.

    notebook: with its outputs; source: the script; exercise: the file with holes, as text.
    """
    known = names.imports(ast.parse(source))
    context = prose.Context(known, computed.of_chapter(chapter, source, known), "", [])
    files, cells = {}, _rows(notebook.cells)
    rows = [f'<section><div class="prose">{prose.html(says, context)}</div><div class="run">'
            f"{''.join(_cell(cell, chapter, known, files) for cell in run)}</div></section>" for says, run in cells]
    body = [_top(chapter, context.headings), "" if _was_run(notebook) else NOT_RUN, *rows,
            _exercise(chapter, exercise) if exercise else ""]
    before, after = (_neighbour(chapter.number + step) for step in (-1, 1))
    files[of_chapter(chapter)] = layout.page(f"{chapter.number}. {chapter.title} - minihit", "\n".join(body),
                                             of_chapter(chapter), before, after)
    return files, list(_texts(chapter, "\n\n".join(f"{says}\n" for says, _ in cells), context.headings))


def _was_run(notebook):
    return any(cell.get("execution_count") for cell in notebook.cells)


def _rows(cells):
    """(Markdown, the code cells that follow it)."""
    rows = []
    for cell in cells:
        if cell.cell_type == "markdown":
            rows.append((cell.source, []))
        elif rows:
            rows[-1][1].append(cell)
    return rows


def _cell(cell, chapter, known, files):
    """Its code and its outputs, pieces of printed text in one."""
    shown = [f'<pre class="code">{code.html(cell.source, known, "")}</pre>']
    for printed, outputs in groupby(cell.get("outputs", []), key=lambda output: output.get("name") == "stdout"):
        if printed:
            text = "".join(output.text for output in outputs)
            shown.append(f'<pre class="output">{escape(text, quote=False)}</pre>')
        else:
            pictures = [output.data["image/png"] for output in outputs if "image/png" in output.get("data", {})]
            shown += [_picture(encoded, chapter, files) for encoded in pictures]
    return "".join(shown)


def _picture(encoded, chapter, files):
    number = 1 + sum(name.startswith("pictures/") for name in files)
    address = f"pictures/{chapter.number:02}-{number}.png"
    files[address] = base64.b64decode(encoded)
    return (f'<img src="{address}" loading="lazy" alt="Picture {number} of chapter {chapter.number}, '
            f'{escape(chapter.title)}: drawn by the cell above">')


def _top(chapter, headings):
    """Where the script, the notebook and the lines are, and the parts of the page."""
    parts = "".join(f'<li><a href="#{anchor}">{escape(title)}</a></li>'
                    for level, title, anchor in headings if level > 1)
    derived = ", ".join(f'<a href="{of_place(place)}">{name}</a>' for name in chapter.derives
                        for _, place in computed.places(name)[:1])
    return (f'<details class="parts"><summary>Chapter {chapter.number} of {CHAPTERS[-1].number}</summary>'
            f"<ol>{parts}</ol></details>\n<p class=\"about\">"
            f'<a href="notebooks/{chapter.file.replace(".py", ".ipynb")}" download>Notebook</a> for Jupyter and Colab; '
            f'<a href="scripts/{chapter.file}" download>script</a>.'
            f"{f' Derived here: {derived}.' if derived else ''}</p>")


def _exercise(chapter, text):
    file = f'<a href="exercises/{chapter.file}" download>tutorials/exercises/{chapter.file}</a>'
    return (f'<section id="exercise-file"><div class="prose"><h2>What to fill in</h2><p>{file}, graded by</p>'
            f'<pre class="command">minihit learn check {chapter.number:02}</pre></div><div class="run">'
            f'<pre class="code">{code.html(text, names.imports(ast.parse(text)), "")}</pre></div></section>')


def _neighbour(number):
    return next(((f"{one.number}. {one.title}", of_chapter(one)) for one in CHAPTERS if one.number == number), None)


def _texts(chapter, said, headings):
    """The Markdown of a chapter, cut at its headings."""
    for index, (level, title, anchor) in enumerate(headings):
        _, _, said = said.partition(f"{'#' * level} {title}\n")
        following = f"\n{'#' * headings[index + 1][0]} {headings[index + 1][1]}\n" if headings[index + 1:] else "\0"
        words = said.partition(following)[0]
        yield Text(f"{chapter.number}. {chapter.title}" + (f": {title}" if level > 1 else ""),
                   f"{of_chapter(chapter)}#{anchor}", " ".join(words.split()))
