"""The whole generator: gradients by finite differences and against autograd, its counts, noise, truncation."""

from dataclasses import replace

import numpy as np
import pytest
from autograd import make_vjp
from hypothesis import given
from hypothesis import strategies as st
from oracles import stylegan2 as oracle
from support.helpers import assert_gradients_agree, assert_same, cast, normal, seeds
from support.networks import STYLEGAN2, STYLEGAN2S, make_stylegan2, stylegan2s

from minihit import gradcheck, models, tree
from minihit.models import stylegan2
from minihit.models.stylegan2 import generator, mapping
from minihit.models.stylegan2.config import StyleGAN2Config, halved_channels
from minihit.models.stylegan2.noise import fixed

every_option = pytest.mark.parametrize("config", STYLEGAN2S.values(), ids=STYLEGAN2S.keys())
ROUNDING = 1e-7                                                           # of a sum over whole images, over the step


@every_option
@pytest.mark.parametrize("drawn", [True, False], ids=["drawn noise", "fixed noise"])
def test_gradients_agree_with_finite_differences(config, drawn):
    params, z, _, noise = make_stylegan2(config, np.random.default_rng(0))
    gradcheck.check_layer(stylegan2, params, z, np.random.default_rng(1), atol=ROUNDING, few=0, config=config,
                          noise=noise if drawn else None)


@given(stylegan2s(), seeds, st.booleans())
def test_any_architecture_agrees_with_autograd(config, seed, drawn):
    params, z, _, noise = make_stylegan2(config, np.random.default_rng(seed))
    noise = noise if drawn else None
    image, cache = stylegan2.forward(params, z, config, noise=noise)
    assert image.shape == (2, config.size, config.size, 3)
    maps = fixed(config, z) if noise is None else noise
    vjp, expected = make_vjp(lambda arguments: oracle.images(*arguments, config, maps))((params, z))
    np.testing.assert_allclose(image, expected, rtol=0, atol=1e-10)
    dimage = normal(2, *image.shape)
    assert_gradients_agree(stylegan2.backward(dimage, cache), vjp(dimage)[::-1], "z", rtol=1e-7, atol=1e-9)


@every_option
def test_every_parameter_moves_the_image(config):
    params, z, _, noise = make_stylegan2(config, np.random.default_rng(2))
    image, cache = stylegan2.forward(params, z, config, noise=noise)
    _, grads = stylegan2.backward(normal(3, *image.shape), cache)
    assert all(np.abs(leaf).max() > 1e-6 for _, leaf in tree.items(grads))


@given(stylegan2s(), seeds)
def test_an_image_depends_neither_on_the_rest_of_the_batch_nor_on_its_order(config, seed):
    params, z, _, noise = make_stylegan2(config, np.random.default_rng(seed), count=3)

    def images(part):
        return stylegan2.forward(params, z[part], config, noise=[maps[part] for maps in noise])[0]

    together = images(slice(None))
    np.testing.assert_allclose(np.concatenate([images(slice(0, 2)), images(slice(2, 3))]), together, atol=1e-10)
    np.testing.assert_allclose(images(slice(None, None, -1))[::-1], together, atol=1e-10)


# the official counts


OFFICIAL = {  # (side, base of channels): with 8 and with 2 layers of the mapping; widths of 512
    (32, 32768): (21_523_475, 19_947_539), (32, 16384): (21_523_475, 19_947_539),
    (64, 32768): (27_032_600, 25_456_664), (64, 16384): (23_819_544, 22_243_608),
    (128, 32768): (29_328_669, 27_752_733), (128, 16384): (24_525_213, 22_949_277),
    (256, 32768): (30_034_338, 28_458_402), (256, 16384): (24_767_458, 23_191_522),
    (1024, 32768): (30_370_060, 28_794_124), (1024, 16384): (24_900_764, 23_324_828),
}
OURS = {32: ((128, 128, halved_channels(32, 4096, 128), 2), 1_251_347),
        64: ((256, 256, halved_channels(64, 8192, 256), 2), 5_567_640)}


@pytest.mark.parametrize("size, base", OFFICIAL)
def test_official_parameter_counts(size, base):
    for depth, count in zip((8, 2), OFFICIAL[size, base], strict=True):
        config = StyleGAN2Config(512, 512, halved_channels(size, base), depth)
        assert config.size == size and tree.size(stylegan2.init(None, config)) == count


@pytest.mark.parametrize("size", OURS)
def test_parameter_counts_of_small_networks(size):
    fields, count = OURS[size]
    assert tree.size(stylegan2.init(None, StyleGAN2Config(*fields))) == count


# what weights are when they are used


def test_starting_values():
    """Those of the mapping are so much larger as they learn more slowly."""
    config = replace(STYLEGAN2, latent=20, width=30, channels=(20, 20))
    for path, leaf in tree.items(stylegan2.init(np.random.default_rng(4), config)):
        std = {"style/bias": None, "bias": 0.0, "strength": 0.0}.get(
            "style/bias" if path.endswith("style/bias") else path.rpartition("/")[2],
            100.0 if path.startswith("mapping") else 1.0)
        assert leaf.dtype == np.float32
        if std is None:
            assert (leaf == 1.0).all(), path
        else:
            assert leaf.std() == pytest.approx(std, rel=0.15), path


def test_one_seed_one_start():
    assert_same(*(stylegan2.init(np.random.default_rng(5), STYLEGAN2) for _ in range(2)))


def test_every_kernel_counts_over_the_root_of_its_fan_in_and_the_mapping_times_its_rate_besides():
    params, *_ = make_stylegan2(STYLEGAN2, np.random.default_rng(6))
    found, rate = dict(tree.items(generator.scaled(params, STYLEGAN2))), STYLEGAN2.mapping_rate
    for path, leaf in tree.items(params):
        factor = np.prod(leaf.shape[:-1]) ** -0.5 if path.endswith("weight") else 1.0
        factor *= rate if path.startswith("mapping") else 1.0
        np.testing.assert_allclose(found[path], factor * leaf, rtol=1e-12, err_msg=path)


@pytest.mark.parametrize("rate", [0.01, 0.3])
def test_the_rate_of_the_mapping_changes_how_it_learns_and_not_how_it_begins(rate):
    """Of the same seed it makes the same w; what a gradient moves is `rate` times as large, in stored and in used."""
    slow, full = (replace(STYLEGAN2, mapping_rate=r) for r in (rate, 1.0))
    z, found = normal(7, 2, STYLEGAN2.latent), {}
    for config in (slow, full):
        params = cast(stylegan2.init(np.random.default_rng(8), config), np.float64)
        image, cache = stylegan2.forward(params, z, config)
        _, grads = stylegan2.backward(normal(9, *image.shape), cache)
        moved = tree.map(lambda leaf, gradient: leaf - 1e-3 * gradient, params, grads)
        steps = [tree.map(np.subtract, *(generator.scaled(p, config)["mapping"] for p in (moved, params)))]
        found[config] = cache["w"], image, grads["mapping"], steps
    (w, image, grads, steps), (w_full, image_full, grads_full, steps_full) = found[slow], found[full]
    np.testing.assert_allclose(w, w_full, rtol=1e-5)
    np.testing.assert_allclose(image, image_full, rtol=1e-4, atol=1e-4)
    for path, leaf in tree.items(grads):
        np.testing.assert_allclose(leaf, rate * dict(tree.items(grads_full))[path], rtol=1e-3, atol=1e-6)
    for path, leaf in tree.items(steps):
        np.testing.assert_allclose(leaf, rate**2 * dict(tree.items(steps_full))[path], rtol=1e-2, atol=1e-9)


# noise


def test_noise_waits_at_first_but_its_strength_has_a_gradient():
    params = cast(stylegan2.init(np.random.default_rng(10), STYLEGAN2), np.float64)
    _, z, _, noise = make_stylegan2(STYLEGAN2, np.random.default_rng(11))
    image, cache = stylegan2.forward(params, z, STYLEGAN2, noise=noise)
    np.testing.assert_array_equal(image, stylegan2.forward(params, z, STYLEGAN2)[0])
    _, grads = stylegan2.backward(normal(12, *image.shape), cache)
    strengths = [leaf for path, leaf in tree.items(grads) if path.endswith("strength")]
    assert len(strengths) == len(noise) and all(abs(leaf).min() > 1e-3 for leaf in strengths)


def test_noise_moves_its_own_image_alone():
    params, z, _, noise = make_stylegan2(STYLEGAN2, np.random.default_rng(13))
    other = [np.stack([maps[0], maps[1] + 1.0]) for maps in noise]
    before, after = (stylegan2.forward(params, z, STYLEGAN2, noise=n)[0] for n in (noise, other))
    np.testing.assert_array_equal(before[0], after[0])
    assert np.abs(before[1] - after[1]).max() > 1e-3


# evaluation


@every_option
def test_generate_is_forward_with_the_fixed_maps(config):
    params, z, averages, _ = make_stylegan2(config, np.random.default_rng(14))
    found = stylegan2.generate(params, z, config, averages)
    np.testing.assert_array_equal(found, stylegan2.forward(params, z, config)[0])
    maps = [np.repeat(each, 2, axis=0) for each in fixed(config, z)]
    np.testing.assert_allclose(found, stylegan2.forward(params, z, config, noise=maps)[0], atol=1e-12)


@every_option
def test_truncation_of_one_changes_nothing_and_of_zero_leaves_one_picture(config):
    params, z, averages, _ = make_stylegan2(config, np.random.default_rng(15))
    plain, whole, none = (stylegan2.generate(params, z, config, averages, *psi) for psi in ((), (1.0,), (0.0,)))
    np.testing.assert_array_equal(whole, plain)
    np.testing.assert_allclose(none[0], none[1], atol=1e-12)
    assert np.abs(plain[0] - plain[1]).max() > 1e-3


@pytest.mark.parametrize("truncation", [0.0, 0.5, 0.7, 1.5])
def test_truncation_moves_w_towards_the_average(truncation):
    params, z, averages, _ = make_stylegan2(STYLEGAN2, np.random.default_rng(16))
    w = oracle.latents(params["mapping"], z, STYLEGAN2)
    w = truncation * w + (1.0 - truncation) * averages["w"]
    expected = oracle.synthesis(params, w, fixed(STYLEGAN2, z))
    np.testing.assert_allclose(stylegan2.generate(params, z, STYLEGAN2, averages, truncation), expected, atol=1e-10)


# the average of w


def test_the_average_of_w_moves_by_a_two_hundredth_towards_that_of_the_batch():
    params, z, averages, _ = make_stylegan2(STYLEGAN2, np.random.default_rng(17), count=4)
    _, cache = stylegan2.forward(params, z, STYLEGAN2)
    w = oracle.latents(params["mapping"], z, STYLEGAN2)
    found = stylegan2.update_averages(averages, cache)
    assert found.keys() == {"w"}
    np.testing.assert_allclose(found["w"], 0.995 * averages["w"] + 0.005 * w.mean(axis=0), atol=1e-12)


def test_what_parts_of_a_batch_make_of_the_average_adds_up_by_their_shares():
    params, z, averages, _ = make_stylegan2(STYLEGAN2, np.random.default_rng(18), count=4)

    def updated(part):
        cache = stylegan2.forward(params, z[part], STYLEGAN2)[1]
        return stylegan2.update_averages(averages, cache)["w"]

    np.testing.assert_allclose(0.75 * updated(slice(0, 3)) + 0.25 * updated(slice(3, 4)), updated(slice(None)),
                               atol=1e-12)


def test_the_average_becomes_that_of_the_mapping():
    params, *_ = make_stylegan2(STYLEGAN2, np.random.default_rng(19))
    averages, rng = stylegan2.init_averages(STYLEGAN2), np.random.default_rng(20)
    assert averages["w"].shape == (5,) and averages["w"].dtype == np.float32 and not averages["w"].any()
    small = replace(STYLEGAN2, channels=(1,))
    first = {**params, "constant": params["constant"][..., :1], "blocks": []}
    seen = mapping.forward(generator.scaled(first, small)["mapping"], rng.standard_normal((20000, 4)))[0].mean(axis=0)
    for _ in range(1500):
        w, _ = mapping.forward(generator.scaled(first, small)["mapping"], rng.standard_normal((8, 4)))
        averages = stylegan2.update_averages(averages, {"w": w})
    np.testing.assert_allclose(averages["w"], seen, atol=0.06 * np.abs(seen).max())


def test_it_is_called_as_hits_generator_and_found_by_its_kind():
    first = models.first_values(np.random.default_rng(21), STYLEGAN2)
    assert models.of(STYLEGAN2) is stylegan2
    z = normal(22, 2, STYLEGAN2.latent, dtype=np.float32)
    image, _ = stylegan2.forward(first["params"], z, STYLEGAN2, averages=first["averages"], total=None)
    assert image.dtype == np.float32
    assert_same(image, stylegan2.forward(first["params"], z, STYLEGAN2)[0])
