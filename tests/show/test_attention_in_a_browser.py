"""The page of attention in a real browser: a pixel that is pointed at shows what the cache says that it attends to."""

import base64

import imageio.v3 as iio
import numpy as np
import pytest

from minihit import sampling
from minihit.models import hit
from minihit.models.hit import attention as found_in
from minihit.show import attention
from minihit.show.images import to_uint8
from minihit.training.run import weights
from minihit.training.run.folder import BUILT_IN

SEEDS = [0, 3]
PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """(path of a page of the built-in generator, its configuration, the caches of the stages of each picture)."""
    run, network, step = weights.load_generator(BUILT_IN)
    config, faces = run.preset.generator, []
    for seed in SEEDS:
        image, cache = hit.forward(network["params"], sampling.latents([seed], config.z_shape), config,
                                   network["averages"])
        faces.append((seed, to_uint8(image[0]), cache["stages"]))
    path = tmp_path_factory.mktemp("attention") / "page.html"
    path.write_text(attention.page("built-in", step, config, faces), encoding="utf-8")
    return path, config, [caches for _, _, caches in faces]


def expected(cache, kind, row, column, head=None, layer=0):
    """What a pixel of a stage's map gives to each pixel, or to each token; the mean of all heads, or one."""
    side, pixel = cache["plan"].side, row * cache["plan"].side + column
    heads = slice(None) if head is None else slice(head, head + 1)
    if kind == "tokens":
        return found_in.cross_attention(cache)[heads, pixel].mean(axis=0)
    probs, sets = found_in.self_attention(cache)[layer][kind], np.asarray(found_in.members(cache["plan"], kind))
    (own, member), = np.argwhere(sets == pixel)
    out = np.zeros(side * side)
    out[sets[own]] = probs[own, heads, member].mean(axis=0)
    return out


def kinds(cache):
    blocks = found_in.self_attention(cache)
    return [*(blocks[0] if blocks else ()), *(["tokens"] if found_in.cross_attention(cache) is not None else [])]


def shown(page, stage, kind, row, column):
    return np.array(page.evaluate("words => Array.from(window.minihit.attended(...words))", [stage, kind, row, column]))


def at(page, selector, side, row, column):
    """Where on the screen a pixel of a map is."""
    page.locator(selector).scroll_into_view_if_needed()
    box = page.locator(selector).bounding_box()
    return box["x"] + (column + 0.5) * box["width"] / side, box["y"] + (row + 0.5) * box["height"] / side


def go(page, made):
    page.goto(made[0].as_uri())
    return page


def drawn(page, selector):
    """The colours of a canvas, (rows, columns, 3), once all that was asked for is drawn."""
    page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    png = page.evaluate("query => document.querySelector(query).toDataURL().split(',')[1]", selector)
    return iio.imread(base64.b64decode(png), extension=".png")[..., :3].astype(int)


def asking(page):
    return page.evaluate("[window.minihit.state.row, window.minihit.state.column]")


def test_the_page_opens_without_an_error_and_without_a_network(made, opened):
    page = go(opened(), made)
    assert page.errors == [] and page.asked == [made[0].as_uri()]


@pytest.mark.parametrize("head", [None, 1])
def test_every_map_gives_what_the_cache_holds(head, made, opened):
    page, (_, _, caches) = go(opened(), made), made
    if head is not None:
        page.click(f"#heads button[aria-label='head {head + 1}']")
    for face, stages in enumerate(caches):
        page.click(f"#seeds button[aria-label='seed {SEEDS[face]}']")
        for stage, cache in enumerate(stages):
            for kind in kinds(cache):
                row, column = cache["plan"].side // 3, cache["plan"].side - 2
                alone = head if head is None or _heads(cache, kind) > head else 0
                np.testing.assert_allclose(shown(page, stage, kind, row, column),
                                           expected(cache, kind, row, column, alone), rtol=0, atol=1e-5)


def _heads(cache, kind):
    if kind == "tokens":
        return found_in.cross_attention(cache).shape[0]
    return found_in.self_attention(cache)[0][kind].shape[1]


def test_a_pointer_over_the_picture_and_over_a_map_lets_that_pixel_ask(made, opened):
    page, (_, config, (stages, _)) = go(opened(), made), made
    page.mouse.move(*at(page, "#picture", config.size, 5, 9))
    assert asking(page) == [5, 9]
    (stage, cache), *_ = [(number, cache) for number, cache in enumerate(stages) if "block" in kinds(cache)]
    selector, side = f"canvas[data-stage='{stage}'][data-kind='block']", cache["plan"].side
    before = drawn(page, selector)
    page.mouse.move(*at(page, selector, side, 6, 5))
    assert [index * side // config.size for index in asking(page)] == [6, 5]
    np.testing.assert_allclose(shown(page, stage, "block", 6, 5), expected(cache, "block", 6, 5), rtol=0, atol=1e-5)
    assert (drawn(page, selector) != before).any()


def test_what_is_drawn_is_brightest_where_most_is_attended_to(made, opened):
    page, (_, config, (stages, _)) = go(opened(), made), made
    (stage, cache), *_ = [(number, cache) for number, cache in enumerate(stages) if "block" in kinds(cache)]
    side = cache["plan"].side
    page.mouse.move(*at(page, "#picture", config.size, 0, 0))
    colours = drawn(page, f"canvas[data-stage='{stage}'][data-kind='block']")
    cell = len(colours) // side
    light = colours[cell // 2::cell, cell // 2::cell].sum(axis=-1)[:side, :side].ravel()
    attended = expected(cache, "block", 0, 0)
    others = np.flatnonzero(np.arange(side * side) != 0)                  # the asking pixel has a frame
    assert light[others][attended[others].argmax()] == light[others].max()


def test_a_click_holds_the_pixel_until_the_next(made, opened):
    page, (_, config, _) = go(opened(), made), made
    page.mouse.click(*at(page, "#picture", config.size, 8, 8))
    page.mouse.move(*at(page, "#picture", config.size, 2, 2))
    assert asking(page) == [8, 8]
    page.mouse.click(*at(page, "#picture", config.size, 2, 2))
    page.mouse.move(*at(page, "#picture", config.size, 3, 4))
    assert asking(page) == [3, 4]


def test_the_arrows_of_the_keyboard_move_the_pixel(made, opened):
    page = go(opened(), made)
    row, column = asking(page)
    page.focus("#picture")
    for key in ("ArrowDown", "ArrowDown", "ArrowLeft", "Shift+ArrowRight"):
        page.keyboard.press(key)
    assert asking(page) == [row + 2, column + 3]


def test_a_finger_on_a_phone_lets_a_pixel_ask_and_nothing_is_too_wide(made, opened):
    page, (_, config, _) = go(opened(**PHONE), made), made
    page.touchscreen.tap(*at(page, "#picture", config.size, 20, 6))
    assert asking(page) == [20, 6]
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["viewport"]["width"]
