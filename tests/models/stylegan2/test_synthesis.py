from dataclasses import replace

import numpy as np
import pytest
from autograd import make_vjp
from hypothesis import given
from oracles import stylegan2 as oracle
from support.helpers import assert_gradients_agree, normal, on_no_kink, seeds
from support.networks import STYLEGAN2, stylegan2s

from minihit import gradcheck, tree
from minihit.models.discriminator import equalize
from minihit.models.stylegan2 import noise, synthesis


def example(config, seed, count=2):
    """params as they are used, w, noise for each image."""
    rng = np.random.default_rng(seed)
    params = gradcheck.perturb(synthesis.init(rng, config), rng)
    maps = [x.astype(np.float64) for x in noise.draw(rng, count, config)["noise"]]
    return {**equalize(params), "constant": params["constant"]}, rng.standard_normal((count, config.width)), maps


def raw(params):
    """What the oracle takes, which equalises itself; of its gradients, those of what is used."""
    def back(leaf):
        return leaf * np.prod(leaf.shape[:-1]) ** 0.5 if leaf.ndim > 1 else leaf

    return {"constant": params["constant"], "blocks": tree.map(back, params["blocks"])}


@given(stylegan2s(), seeds)
def test_any_architecture_agrees_with_autograd(config, seed):
    params, w, maps = example(config, seed)
    image, caches = synthesis.forward(params, w, maps)
    vjp, expected = make_vjp(lambda arguments: oracle.synthesis(*arguments, maps))((raw(params), w))
    np.testing.assert_allclose(image, expected, atol=1e-10)
    dimage = normal(2, *image.shape)
    of_raw, dw = vjp(dimage)
    assert_gradients_agree(synthesis.backward(dimage, caches), (dw, raw(of_raw)), "w")


@given(stylegan2s(), seeds)
def test_gradients_agree_with_finite_differences(config, seed):
    params, w, maps = example(config, seed)
    with on_no_kink():
        gradcheck.check_layer(synthesis, params, w, np.random.default_rng(0), few=0, noise=maps)


@given(stylegan2s(), seeds)
def test_generate_is_forward_without_its_caches(config, seed):
    params, w, maps = example(config, seed)
    np.testing.assert_array_equal(synthesis.generate(params, w, maps), synthesis.forward(params, w, maps)[0])


@pytest.mark.parametrize("which", range(5))
def test_each_convolution_has_its_own_noise_from_the_first_up(which):
    """A changed map changes the colours that are made of it and of what comes behind, and no others."""
    params, w, maps = example(STYLEGAN2, 0)
    changed = [x + 1.0 * (index == which) for index, x in enumerate(maps)]
    before, after = ([image for image, _ in synthesis._steps(params, w, noise)] for noise in (maps, changed))
    first = [0, 1, 1, 2, 2][which]
    assert [np.array_equal(*images) for images in zip(before, after, strict=True)] == [i < first for i in range(3)]


def test_colours_of_all_resolutions_add_up():
    """With the biases of colours alone the image is their sum, but for the border that the blur darkens."""
    params, w, maps = example(STYLEGAN2, 0)
    for block, bias in zip(params["blocks"], (1.0, 10.0, 100.0), strict=True):
        block["to_rgb"]["conv"]["weight"][...] = 0.0
        block["to_rgb"]["bias"][...] = bias
    image, _ = synthesis.forward(params, w, maps)
    np.testing.assert_allclose(image[:, 4:-4, 4:-4], 111.0)
    assert image.shape == (2, 16, 16, 3) and image.max() <= 111.0 + 1e-9


def test_starting_values_of_the_first_map_are_standard_normal():
    constant = synthesis.init(np.random.default_rng(0), replace(STYLEGAN2, channels=(500,)))["constant"]
    assert constant.shape == (4, 4, 500) and constant.dtype == np.float32
    assert constant.std() == pytest.approx(1.0, rel=0.05)
