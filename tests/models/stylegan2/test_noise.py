import numpy as np
import pytest
from support.helpers import assert_same
from support.networks import STYLEGAN2, STYLEGAN2S

from minihit.models.stylegan2 import noise

LIKE = np.zeros(1, np.float32)


@pytest.mark.parametrize("config", STYLEGAN2S.values(), ids=STYLEGAN2S.keys())
def test_what_is_drawn_is_a_latent_and_a_map_for_each_convolution(config):
    draws = noise.draw(np.random.default_rng(0), 3, config)
    assert draws.keys() == {"z", "noise"} and draws["z"].shape == (3, config.latent)
    assert [maps.shape for maps in draws["noise"]] == [(3, side, side) for side in config.noise_sides]
    assert {x.dtype for x in (draws["z"], *draws["noise"])} == {np.dtype(np.float32)}


def test_draws_are_standard_normal_each_its_own_and_those_of_their_seed():
    draws, same = (noise.draw(np.random.default_rng(7), 50, STYLEGAN2) for _ in range(2))
    assert_same(draws, same)
    values = np.concatenate([maps.ravel() for maps in draws["noise"]])
    assert abs(values.mean()) < 0.02 and values.std() == pytest.approx(1.0, abs=0.02)
    assert len(np.unique(values)) > 0.99 * len(values)
    assert draws["z"].std() == pytest.approx(1.0, abs=0.2)


def test_fixed_maps_are_one_for_all_images_and_the_same_in_every_process():
    maps = noise.fixed(STYLEGAN2, LIKE)
    assert [each.shape for each in maps] == [(1, side, side) for side in STYLEGAN2.noise_sides]
    rng = np.random.default_rng(0)
    assert_same(list(maps), [rng.standard_normal((1, side, side), dtype=np.float32) for side in STYLEGAN2.noise_sides])


def test_fixed_maps_have_the_dtype_that_is_asked_for_and_are_made_once():
    single, double = (noise.fixed(STYLEGAN2, np.zeros(1, dtype)) for dtype in (np.float32, np.float64))
    assert [each.dtype for each in single] == [np.float32] * 5 and [each.dtype for each in double] == [np.float64] * 5
    assert_same(list(single), list(double))
    assert noise.fixed(STYLEGAN2, LIKE)[0] is single[0]
