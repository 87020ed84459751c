"""The whole site, from the chapters to a folder of files that needs no server and no network."""

import json
import tempfile
from html import escape
from pathlib import Path

from minihit.atomic import CURES
from minihit.errors import UserError
from minihit.learn.syllabus import CHAPTERS
from minihit.pages import chapter as chapter_page
from minihit.pages import code, computed, layout, links, names, notebook, source, words
from minihit.pages.address import of_chapter, of_place
from minihit.parallel import cores

ASSETS = Path(__file__).parent / "assets"
INDEX = "search-index.js"                                                 # also what tells a site from another folder


def build(out, tutorials, numbers=None, address=None, done=lambda path: None):
    """Write the site to the folder `out`; returns (files, links).

    tutorials: the folder of the scripts; numbers: of the chapters that are run, None for all, whose pages alone show
    what the code printed and drew; address: what a notebook installs minihit from, where known; done(path): one has
    run.
    Raises UserError where a script is missing or fails, where out is another folder, and where a link leads nowhere.
    """
    out, paths = Path(out), [Path(tutorials) / chapter.file for chapter in CHAPTERS]
    require_site(out)
    missing = next((path for path in paths if not path.is_file()), None)
    if missing:
        raise UserError(f"{missing} is not there: go to the folder that holds tutorials/, or give it with --tutorials")
    ran = [path for chapter, path in zip(CHAPTERS, paths, strict=True) if numbers is None or chapter.number in numbers]
    made = dict(zip(ran, notebook.run_all(ran, cores(), done), strict=True))
    notebooks = [made.get(path) or notebook.read(path) for path in paths]
    files, texts = {}, []
    for chapter, path, one in zip(CHAPTERS, paths, notebooks, strict=True):
        add(files, texts, chapter, path, one, address)
    add_the_rest(files, texts, list(zip(CHAPTERS, notebooks, strict=True)))
    return len(files), put(out, files)


def require_site(out):
    """Raise UserError where out has files and is no site that was built before."""
    if out.is_file() or (out.is_dir() and any(out.iterdir()) and not (out / INDEX).exists()):
        raise UserError(f"{out} is there and is no site of minihit: give another folder with --out")


def add(files, texts, chapter, path, made, address):
    """A chapter's page and what it offers to download."""
    script, exercise = path.read_text(encoding="utf-8"), path.parent / "exercises" / path.name
    holes = exercise.read_text(encoding="utf-8") if exercise.is_file() else None
    pages, said = chapter_page.page(chapter, made, script, holes)
    files |= pages | {f"scripts/{path.name}": script,
                      f"notebooks/{path.stem}.ipynb": notebook.to_download(path, address)}
    if holes:
        files[f"exercises/{path.name}"] = holes
    texts += said


def add_the_rest(files, texts, notebooks):
    """Sources, words, contents, search and style."""
    sources = [names.file_of(module) for module in names.modules()]
    for file in sources:
        pages, said = source.page(file)
        files |= pages
        texts += said
    files |= source.contents(sources) | words.page(notebooks) | contents()
    files[INDEX] = f"window.found({json.dumps([list(text) for text in texts], ensure_ascii=False)});\n"
    files["search.js"] = (ASSETS / "search.js").read_text(encoding="utf-8")
    files["style.css"] = (ASSETS / "style.css").read_text(encoding="utf-8") + code.style()


def contents():
    """({address: HTML}) of the first page: every chapter with what it derives."""
    rows = "".join(f'<tr><td>{one.number}</td><td><a href="{of_chapter(one)}">{escape(one.title)}</a></td>'
                   f"<td>{_derived(one)}</td><td>{_exercise(one)}</td></tr>" for one in CHAPTERS)
    body = (ASSETS / "index.html").read_text(encoding="utf-8").replace("CHAPTERS", rows)
    return {"index.html": layout.page("minihit, every gradient by hand", body, "index.html")}


def _derived(chapter):
    return ", ".join(f'<a href="{of_place(place)}">{name}</a>' for name in chapter.derives
                     for _, place in computed.places(name)[:1])


def _exercise(chapter):
    return f'<a href="{of_chapter(chapter)}#exercise-file">exercise</a>' if chapter.exercise else ""


def put(out, files):
    """Write the files, and let their folder take the place of `out` once all links lead somewhere; how many there are.

    Raises UserError where one does not, or the system refuses to write.
    """
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{out.name}.", dir=out.parent) as folder:
            new, old = Path(folder) / "new", Path(folder) / "old"
            for name, content in files.items():
                (new / name).parent.mkdir(parents=True, exist_ok=True)
                (new / name).write_bytes(content.encode() if isinstance(content, str) else content)
            count, faults = links.broken(new)
            if faults:
                raise UserError(f"{len(faults)} of {count} links lead nowhere: {'; '.join(faults[:5])}")
            if out.exists():
                out.rename(old)
            new.rename(out)
    except OSError as error:
        cure = CURES.get(error.errno, "write somewhere else")
        raise UserError(f"cannot write {out}: {error.strerror}; {cure}") from error
    return count
