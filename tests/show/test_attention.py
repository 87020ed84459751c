"""The page of attention: what is put into it is what the cache holds, and it needs nothing beside it."""

import base64
import re
from dataclasses import replace

import numpy as np
import pytest
from support.pages import decoded, held
from support.runs import TINY

from minihit.models import hit
from minihit.models.hit import attention as found_in
from minihit.show import attention
from minihit.show.images import to_uint8

CONFIG = replace(TINY.generator, layers=(2, 1))
CONFIGS = {"multi-axis": CONFIG, "block": replace(CONFIG, attention="block"), "full": replace(CONFIG, attention="full"),
           "no tokens": replace(CONFIG, cross_attention=False), "none": replace(CONFIG, attention="none"),
           "no blocks": replace(CONFIG, layers=(0, 0))}


def faces(config, count=2):
    rng = np.random.default_rng(1)
    params = hit.init(rng, config)
    for seed in range(count):
        image, cache = hit.forward(params, rng.standard_normal((1, config.latent), dtype=np.float32), config)
        yield seed, to_uint8(image[0]), cache["stages"]


@pytest.mark.parametrize("name", CONFIGS)
def test_the_page_holds_the_cache(name):
    config, made = CONFIGS[name], list(faces(CONFIGS[name]))
    data = held(attention.page("runs/x", 7, config, made))
    assert (data["name"], data["step"], data["size"], data["unit"]) == ("runs/x", 7, 16, 1 / 65_535)
    for (seed, image, caches), face in zip(made, data["faces"], strict=True):
        assert face["seed"] == seed
        picture = np.frombuffer(base64.b64decode(face["picture"]), np.uint8)
        np.testing.assert_array_equal(picture.reshape(image.shape), image)
        for cache, stage, plan in zip(caches, face["stages"], data["stages"], strict=True):
            for block, probs in zip(stage["blocks"], found_in.self_attention(cache), strict=True):
                assert [*block] == [*probs] == [*plan["members"]]
                for axis, shares in block.items():
                    np.testing.assert_allclose(decoded(shares, data["unit"]), probs[axis], rtol=0, atol=0.51 / 65_535)
                    assert plan["members"][axis] == found_in.members(cache["plan"], axis).tolist()
            tokens = found_in.cross_attention(cache)
            assert plan["tokens"] == (0 if tokens is None else config.tokens) and plan["side"] == cache["plan"].side
            if tokens is None:
                assert stage["tokens"] is None
            else:
                np.testing.assert_allclose(decoded(stage["tokens"], data["unit"]), tokens, rtol=0, atol=0.51 / 65_535)


@pytest.mark.parametrize("name", CONFIGS)
def test_the_size_of_a_face_is_known_before(name):
    config = CONFIGS[name]
    one, two = (len(attention.page("x", 1, config, faces(config, count))) for count in (1, 2))
    assert two - one - 4 / 3 * 3 * config.size**2 == pytest.approx(attention.bytes_of_a_face(config), rel=0.05, abs=700)


def test_no_name_of_a_run_can_break_out_of_the_data():
    name = '</script><script>alert("1")</script>{{data}}'
    page = attention.page(name, 1, CONFIG, faces(CONFIG, 1))
    assert held(page)["name"] == name and page.count("<script") == 2


def test_the_page_asks_for_nothing_from_anywhere():
    page = attention.page("x", 1, CONFIG, faces(CONFIG, 1))
    assert not re.search(r"https?:|\bsrc=|@import|\bfetch\(|XMLHttpRequest|\bimport\b", page)
    assert re.findall(r"(?:href=|url\()[^\s>]*", page) == ['href="data:,"']
    assert "prefers-color-scheme: dark" in page and 'lang="en"' in page
