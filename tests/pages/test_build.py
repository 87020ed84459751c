"""The site: all pages, outputs where the code ran, links that lead somewhere, and nothing else overwritten."""

import json
import re

import pytest
from support.chapters import TUTORIALS

from minihit.errors import UserError
from minihit.learn.syllabus import CHAPTERS
from minihit.pages import build, computed, links, names
from minihit.pages.address import of_chapter, of_file
from minihit.show.images import read_image


def page(site, number):
    return (site / of_chapter(CHAPTERS[number])).read_text(encoding="utf-8")


def test_every_link_of_the_site_leads_somewhere_and_none_out_of_it(site):
    count, faults = links.broken(site)
    assert faults == []
    assert count > 20_000


def test_there_is_a_page_for_every_chapter_and_every_file_of_the_library(site):
    pages = {path.relative_to(site).as_posix() for path in site.rglob("*.html")}
    assert pages == {"index.html", "words.html", "source.html", *map(of_chapter, CHAPTERS),
                     *(of_file(names.file_of(module)) for module in names.modules())}


@pytest.mark.parametrize("chapter, path", list(zip(CHAPTERS, TUTORIALS, strict=True)),
                         ids=[chapter.name for chapter in CHAPTERS])
def test_a_chapter_s_notebook_script_and_exercise_can_be_downloaded(chapter, path, site):
    text = page(site, chapter.number)
    assert (site / "scripts" / path.name).read_text("utf-8") == path.read_text("utf-8")
    assert f'href="scripts/{path.name}"' in text
    cells = json.loads((site / f"notebooks/{path.stem}.ipynb").read_text("utf-8"))["cells"]
    assert "example.org/minihit" in "".join(cells[0]["source"])
    assert f'href="notebooks/{path.stem}.ipynb"' in text
    holes = path.parent / "exercises" / path.name
    assert holes.is_file() == (site / "exercises" / path.name).is_file() == (f'href="exercises/{path.name}"' in text)


def test_what_the_code_printed_and_drew_is_below_it(site):
    text = page(site, 6)
    printed = re.findall(r'<pre class="output">(.*?)</pre>', text, re.DOTALL)
    assert printed[0].startswith("shares [0.125 0.25  0.625]")
    assert text.index("def</span>") < text.index(printed[0]) < text.index("The Jacobian</h2>")
    assert read_image(site / "pictures/06-1.png").shape[2] == 3 and 'src="pictures/06-1.png"' in text
    assert "was not run" not in text


def test_a_page_whose_code_was_not_run_says_so(site):
    assert "was not run" in page(site, 3) and 'class="output"' not in page(site, 3)


def test_the_source_of_all_that_a_chapter_derives_leads_back_to_it(site):
    for chapter in CHAPTERS:
        for name in chapter.derives:
            for _, place in computed.places(name):
                text = (site / of_file(place.file)).read_text(encoding="utf-8")
                assert re.search(rf'Derived in .*href="[./]*/{of_chapter(chapter)}"', text), place.file


def test_a_tuned_twin_leads_back_to_the_chapter_too(site):
    assert "07_attention.html" in (site / of_file("minihit/ops/fast/attend.py")).read_text(encoding="utf-8")


def test_chapters_lead_to_the_one_before_and_the_one_after(site):
    first, second, last = (page(site, number) for number in (0, 1, len(CHAPTERS) - 1))
    assert 'rel="prev"' not in first and f'rel="next" href="{of_chapter(CHAPTERS[1])}"' in first
    assert f'rel="prev" href="{of_chapter(CHAPTERS[0])}"' in second
    assert 'rel="next"' not in last


def test_the_search_knows_every_section_and_every_public_function(site):
    index = (site / build.INDEX).read_text(encoding="utf-8")
    texts = json.loads(index.removeprefix("window.found(").removesuffix(");\n"))
    titles = {title: address for title, address, _ in texts}
    assert titles["6. Softmax: Shifts"] == "06_softmax.html#shifts"
    assert titles["ops.softmax.backward"].startswith("source/minihit/ops/softmax.py.html#L")
    (words,) = [words for title, _, words in texts if title == "6. Softmax: The Jacobian"]
    assert "diag(p)" in words and "closed form never makes the table" in words and "sigmoid" not in words


def test_a_site_takes_the_place_of_an_older_one_as_a_whole(tmp_path):
    out = tmp_path / "site"
    build.put(out, {"index.html": "<p>", "old/page.html": "<p>", build.INDEX: "1"})
    build.require_site(out)
    assert build.put(out, {"index.html": '<a href="new.png">', "new.png": b"x"}) == 1
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["index.html", "new.png", "site"]


def test_a_site_with_a_broken_link_is_refused_and_the_old_one_stays(tmp_path):
    build.put(tmp_path / "site", {"index.html": "<p>"})
    with pytest.raises(UserError, match=r"1 of 1 links lead nowhere: index\.html: gone\.html, no such file"):
        build.put(tmp_path / "site", {"index.html": '<a href="gone.html">'})
    assert [path.name for path in tmp_path.rglob("*")] == ["site", "index.html"]
    assert (tmp_path / "site/index.html").read_text() == "<p>"


def test_a_folder_of_something_else_is_not_written_over(tmp_path):
    (tmp_path / "thesis.tex").write_text("years")
    with pytest.raises(UserError, match="is no site of minihit: give another folder with --out"):
        build.build(tmp_path, TUTORIALS[0].parent)
    with pytest.raises(UserError, match="is no site"):
        build.build(tmp_path / "thesis.tex", TUTORIALS[0].parent)
    assert (tmp_path / "thesis.tex").read_text() == "years"


def test_a_missing_chapter_is_named(tmp_path):
    with pytest.raises(UserError, match=r"00_nudge_a_number\.py is not there: go to the folder that holds tutorials/"):
        build.build(tmp_path / "site", tmp_path)


@pytest.mark.slow
def test_the_whole_site_is_built_with_a_picture_on_every_page(tmp_path):
    files, count = build.build(tmp_path / "site", TUTORIALS[0].parent)
    assert count > 20_000 and files > 400
    for chapter in CHAPTERS:
        text = page(tmp_path / "site", chapter.number)
        assert 'class="output"' in text and "<img " in text and "was not run" not in text, chapter.file
