from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from oracles import stylegan2 as oracle
from support.helpers import normal, on_no_kink, seeds
from support.networks import STYLEGAN2, stylegan2s

from minihit import gradcheck
from minihit.models.stylegan2 import mapping


def example(config, seed):
    """params as they are used, z."""
    rng = np.random.default_rng(seed)
    params = mapping.init(rng, replace(config, mapping_rate=1.0))
    return gradcheck.perturb(params, rng), rng.standard_normal((3, config.latent))


@given(stylegan2s(), seeds)
def test_gradients_agree_with_finite_differences(config, seed):
    params, z = example(config, seed)
    with on_no_kink():
        gradcheck.check_layer(mapping, params, z, np.random.default_rng(0), few=0)


@given(stylegan2s(), seeds)
def test_w_is_what_the_description_says(config, seed):
    params, z = example(config, seed)
    w, _ = mapping.forward(params, z)
    at_use = [{**layer, "weight": layer["weight"] * len(layer["weight"]) ** 0.5} for layer in params]
    np.testing.assert_allclose(w, oracle.latents(at_use, z, replace(config, mapping_rate=1.0)), atol=1e-11)


@given(stylegan2s(), seeds)
def test_the_length_of_z_does_not_matter(config, seed):
    params, z = example(config, seed)
    np.testing.assert_allclose(mapping.forward(params, 50.0 * z)[0], mapping.forward(params, z)[0], rtol=1e-4)


@pytest.mark.parametrize("rate", [0.01, 0.1, 1.0])
def test_starting_values_are_normal_over_the_rate_and_zero(rate):
    config = replace(STYLEGAN2, latent=30, width=40, mapping=3, mapping_rate=rate)
    layers = mapping.init(np.random.default_rng(0), config)
    drawn = np.random.default_rng(0).standard_normal((30, 40), dtype=np.float32)
    np.testing.assert_allclose(layers[0]["weight"], drawn / rate, rtol=1e-6)
    assert [layer["weight"].shape for layer in layers] == [(30, 40), (40, 40), (40, 40)]
    for layer in layers:
        assert layer["weight"].std() == pytest.approx(1 / rate, rel=0.05) and layer["weight"].dtype == np.float32
        assert layer["bias"].shape == (40,) and not layer["bias"].any()


def test_nearly_all_layers_keep_the_mean_square():
    """Times 1.04 in each: 2 * (1 + 0.2^2) / 2, of the gain and of the leaky ReLU."""
    rng = np.random.default_rng(0)
    params = [{"weight": rng.standard_normal((512, 512)) / 512**0.5, "bias": np.zeros(512)} for _ in range(4)]
    w, _ = mapping.forward(params, normal(1, 256, 512))
    assert (w**2).mean() == pytest.approx(1.04**4, rel=0.1)
