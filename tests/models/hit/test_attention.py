"""Attention out of a generator's cache: every share where its pixel is."""

from dataclasses import replace

import numpy as np
import pytest

from minihit.models import hit
from minihit.models.hit import attention
from minihit.models.hit.config import GeneratorConfig

CONFIG = GeneratorConfig(latent=3, channels=(8, 8, 4), layers=(2, 1, 1), heads=(4, 2, 2), windows=(4, 8, None),
                         tokens=3)


def caches(config, batch=2):
    rng = np.random.default_rng(0)
    params = hit.init(rng, config)
    return hit.forward(params, rng.standard_normal((batch, 3), dtype=np.float32), config)[1]["stages"]


@pytest.mark.parametrize("kind", ["multi_axis", "block", "grid", "axial", "full"])
def test_members_are_pixels_that_share_a_window_or_a_place(kind):
    for plan in replace(CONFIG, attention=kind).stages[:2]:
        height, width = plan.window
        for axis in plan.axes:
            found = attention.members(plan, axis)
            assert sorted(found.ravel()) == list(range(plan.side**2))
            for numbers in found:
                rows, columns = np.divmod(numbers, plan.side)
                alike = (rows // height, columns // width) if axis == "block" else (rows % height, columns % width)
                assert all(len(np.unique(values)) == 1 for values in alike)
                assert len(numbers) == height * width if axis == "block" else plan.side**2 // (height * width)


def test_every_stage_gives_the_probs_of_its_cache():
    first, second, last = caches(CONFIG)
    found = attention.self_attention(first, 1)
    assert [*map(list, found)] == [["block", "grid"]] * 2
    assert found[1]["grid"] is not found[0]["grid"]
    np.testing.assert_array_equal(found[1]["grid"], first["blocks"][1]["attention"]["grid"]["probs"][1])
    assert found[0]["block"].shape == (4, 2, 16, 16) and found[0]["grid"].shape == (16, 2, 4, 4)
    assert len(attention.self_attention(second)) == 1 and attention.self_attention(last) == []
    np.testing.assert_array_equal(attention.cross_attention(last, 1), last["cross_attention"]["attend"]["probs"][1])
    assert attention.cross_attention(last).shape == (2, 32 * 32, 3)
    assert attention.cross_attention(caches(replace(CONFIG, cross_attention=False))[0]) is None


def test_what_a_pixel_attends_to_adds_up_to_one_and_lies_in_its_set():
    stage = caches(CONFIG)[0]
    for axis, probs in attention.self_attention(stage)[0].items():
        members = attention.members(stage["plan"], axis)
        shares = attention.attended(probs, members, 8 * 5 + 2)            # row 5, column 2
        np.testing.assert_allclose(shares.sum(axis=1), [1, 1], rtol=1e-5)
        expected = np.zeros((8, 8), bool)
        expected[(slice(4, 8), slice(0, 4)) if axis == "block" else (slice(1, 8, 4), slice(2, 8, 4))] = True
        np.testing.assert_array_equal((shares > 0).all(axis=0).reshape(8, 8), expected)
