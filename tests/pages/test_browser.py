"""The site in a real browser: it is drawn, asks nothing of a network, fits on a phone, is searched and walked."""

import re

import pytest

from minihit.learn.syllabus import CHAPTERS
from minihit.pages.address import of_chapter

PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}
EVERY_KIND = ["index.html", "words.html", "source.html", "06_softmax.html", "source/minihit/ops/softmax.py.html"]
CONTRAST = """(query) => {
  const light = (colour) => colour.match(/[0-9.]+/g).slice(0, 3).map(Number).map((one) => one / 255)
    .map((one) => one <= 0.04045 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4)
    .reduce((sum, one, at) => sum + one * [0.2126, 0.7152, 0.0722][at], 0);
  const ground = (element) => !element ? "rgb(255, 255, 255)"
    : /, 0\\)|transparent/.test(getComputedStyle(element).backgroundColor) ? ground(element.parentElement)
    : getComputedStyle(element).backgroundColor;
  const texts = [...document.querySelectorAll(query)].filter((element) => element.textContent.trim());
  return Math.min(...texts.map((element) => {
    const [low, high] = [light(getComputedStyle(element).color), light(ground(element))].sort((a, b) => a - b);
    return (high + 0.05) / (low + 0.05);
  }));
}"""


def go(page, site, address):
    page.goto((site / address).as_uri())
    return page


def test_pages_open_without_an_error_and_without_a_network(site, opened):
    page = opened()
    for address in EVERY_KIND:
        go(page, site, address).fill("#search", "norm")
        page.wait_for_selector("#found a")
    assert page.errors == []
    assert [url for url in page.asked if not url.startswith(site.as_uri())] == []


def test_a_fraction_is_drawn_with_one_part_above_the_other(site, opened):
    page = go(opened(), site, "06_softmax.html")
    above, below = page.evaluate("""() => [...document.querySelector("mfrac").children]
        .map((part) => part.getBoundingClientRect().toJSON())""")
    assert 0 < above["bottom"] <= below["top"] + 1
    assert abs((above["left"] + above["right"]) - (below["left"] + below["right"])) < 4          # centred


def test_prose_stands_beside_its_code_on_a_desk_and_above_it_on_a_phone(site, opened):
    def boxes(page):
        return go(page, site, "06_softmax.html").evaluate("""() => ["prose", "run"].map((kind) =>
            document.querySelector("section ." + kind).getBoundingClientRect().toJSON())""")

    prose, run = boxes(opened(viewport={"width": 1400, "height": 900}))
    assert prose["right"] <= run["left"] and abs(prose["top"] - run["top"]) < 1
    prose, run = boxes(opened(**PHONE))
    assert prose["bottom"] <= run["top"] and abs(prose["left"] - run["left"]) < 1


def test_no_page_is_wider_than_a_phone(site, opened):
    page, wide = opened(**PHONE), []
    for address in [*EVERY_KIND, *map(of_chapter, CHAPTERS)]:
        go(page, site, address)
        if page.evaluate("document.documentElement.scrollWidth") > PHONE["viewport"]["width"]:
            wide.append(address)
    assert wide == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_from_its_ground(scheme, site, opened):
    page = opened(color_scheme=scheme)
    for address in ["06_softmax.html", "words.html"]:
        go(page, site, address)
        assert page.evaluate(CONTRAST, "p, h1, h2, a, pre, summary, dt, math") >= 4.5
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(22, 24, 27)"
    assert dark == (scheme == "dark")


def test_pictures_are_there(site, opened):
    page = go(opened(), site, "06_softmax.html")
    page.locator("img").scroll_into_view_if_needed()
    page.wait_for_function("document.querySelector('img').complete")
    assert page.evaluate("document.querySelector('img').naturalWidth") > 500
    assert page.get_attribute("img", "alt")


def test_the_search_finds_a_section_and_goes_there_by_keys(site, opened):
    page = go(opened(), site, "source/minihit/ops/gelu.py.html")
    page.keyboard.press("/")
    page.keyboard.type("softmax jacobian")
    page.wait_for_selector("#found a")
    assert page.inner_text("#found a") == "6. Softmax: The Jacobian"
    page.keyboard.press("ArrowDown")
    assert page.evaluate("document.activeElement.textContent") == "6. Softmax: The Jacobian"
    page.keyboard.press("Enter")
    page.wait_for_url("**/06_softmax.html#the-jacobian")


def test_the_search_says_that_it_found_nothing_and_is_left_by_escape(site, opened):
    page = go(opened(), site, "index.html")
    page.fill("#search", "quasar")
    page.wait_for_selector("text=nothing found")
    page.press("#search", "Escape")
    assert page.is_hidden("#found") and page.input_value("#search") == ""


def test_a_formula_leads_to_its_line_and_the_source_leads_back(site, opened):
    page = go(opened(), site, "07_attention.html")
    page.click("a:has-text('dvalue')")
    assert re.match(r"\d+\s+dvalue = _transpose\(probs\) @ dout", page.inner_text(".line:target"))
    assert page.evaluate("document.querySelector('.line:target').getBoundingClientRect().top") > 40   # below the header
    page.click("text=chapter 7, Attention")
    assert page.inner_text("h1") == "7. Attention"


def test_chapters_are_read_one_after_the_other(site, opened):
    page = go(opened(), site, "index.html")
    page.click("text=Softmax")
    page.click("a[rel=next]")
    assert page.inner_text("h1") == "7. Attention"
    page.click("a[rel=prev]")
    assert page.inner_text("h1") == "6. Softmax"
    page.click("summary")
    page.click(".parts a:has-text('Shifts')")
    assert page.url.endswith("#shifts")
