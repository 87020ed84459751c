"""The pages of the library's files: every line with an anchor, every name linked to where it is defined, and the
chapters that derive what stands there."""

import ast
from html import escape
from itertools import groupby

from minihit.learn.syllabus import CHAPTERS
from minihit.pages import code, computed, layout, names
from minihit.pages.address import home_of, of_chapter, of_file, of_place
from minihit.pages.chapter import Text


def page(file):
    """({address: HTML}, [Text]) of a source file of minihit."""
    address, text = of_file(file), (names.ROOT / file).read_text(encoding="utf-8")
    known, home = names.imports(ast.parse(text)), home_of(of_file(file))
    body = (f"<h1>{file}</h1>\n{_chapters(file, home)}"
            f'<pre class="code numbered">{code.html(text, known, home, numbered=True)}</pre>')
    return {address: layout.page(f"{file} - minihit", body, address)}, _functions(file)


def contents(files):
    """({address: HTML}) of the list of all source files."""
    rooms = []
    for room, group in groupby(files, key=lambda file: file.rpartition("/")[0]):
        items = "".join(f'<li><a href="{of_file(file)}">{file.rpartition("/")[2]}</a></li>' for file in group)
        rooms.append(f"<h2>{room}</h2><ul class=\"files\">{items}</ul>")
    return {"source.html": layout.page("Source - minihit", "<h1>Source</h1>\n" + "\n".join(rooms), "source.html")}


def _chapters(file, home):
    """Which chapters derive it, op and tuned twin alike."""
    plain = file.replace("/fast/", "/")
    found = [chapter for chapter in CHAPTERS
             if any(place.file == plain for name in chapter.derives for _, place in computed.places(name))]
    links = "; ".join(f'<a href="{home}{of_chapter(chapter)}">chapter {chapter.number}, {escape(chapter.title)}</a>'
                      for chapter in found)
    return f'<p class="about">Derived in {links}.</p>\n' if found else ""


def _functions(file):
    """A Text for every function, with the first line of what it says."""
    module = file.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    return [Text(f"{module.removeprefix('minihit.')}.{node.name}", of_place(names.Place(file, node.lineno)),
                 (ast.get_docstring(node) or "").split("\n")[0])
            for node in names.tree_of(module).body
            if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and not node.name.startswith("_")]
