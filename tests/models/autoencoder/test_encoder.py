"""The whole encoder: gradients by finite differences and against autograd, and what becomes of one image."""

import numpy as np
import pytest
from autograd import make_vjp
from hypothesis import given
from oracles import autoencoder as oracle
from support.helpers import assert_gradients_agree, assert_same, normal, seeds
from support.networks import ENCODERS, encoders, make_encoder

from minihit import gradcheck, models, tree
from minihit.models.autoencoder import encoder
from minihit.models.autoencoder.config import EncoderConfig

every_option = pytest.mark.parametrize("config", ENCODERS.values(), ids=ENCODERS.keys())
REFERENCE = EncoderConfig(size=32, channels=(64, 128), out=64)            # as for CIFAR-10, 8 x 8 numbers


@every_option
def test_gradients_agree_with_finite_differences(config):
    rng = np.random.default_rng(0)
    params, images = make_encoder(config, rng)
    gradcheck.check_layer(encoder, params, images, rng, few=0, config=config)


@given(encoders(), seeds)
def test_any_architecture_agrees_with_autograd(config, seed):
    params, images = make_encoder(config, np.random.default_rng(seed))
    y, cache = encoder.forward(params, images, config)
    vjp, expected = make_vjp(lambda arguments: oracle.codes(*arguments, config))((params, images))
    np.testing.assert_allclose(y, expected, atol=1e-10)
    dy = normal(2, *y.shape)
    assert_gradients_agree(encoder.backward(dy, cache), vjp(dy)[::-1], "images")


@every_option
def test_the_numbers_have_the_shape_that_the_config_says(config):
    params, images = make_encoder(config, np.random.default_rng(1))
    y, _ = encoder.forward(params, images, config)
    assert y.shape == ((2, config.side, config.side, config.out) if config.spatial else (2, config.out))


@given(encoders(), seeds)
def test_an_image_depends_neither_on_the_rest_of_the_batch_nor_on_its_order(config, seed):
    params, images = make_encoder(config, np.random.default_rng(seed))
    together, _ = encoder.forward(params, images, config)
    alone = np.concatenate([encoder.forward(params, images[i:i + 1], config)[0] for i in (1, 0)])
    np.testing.assert_allclose(alone[::-1], together, atol=1e-12)


@every_option
def test_every_parameter_moves_the_numbers(config):
    params, images = make_encoder(config, np.random.default_rng(2))
    y, cache = encoder.forward(params, images, config)
    _, grads = encoder.backward(normal(3, *y.shape), cache)
    assert all(np.abs(leaf).max() > 1e-8 for _, leaf in tree.items(grads))


def test_its_parameters_are_those_counted_by_hand():
    strided = 16 * 3 * 64 + 64 + 16 * 64 * 128 + 128
    stack = 9 * 128 * 128 + 128 + 2 * (9 * 128 * 32 + 32 + 32 * 128 + 128)
    assert tree.size(encoder.init(None, REFERENCE)) == strided + stack + 128 * 64 + 64


def test_starting_values_are_glorot_uniform_and_zero():
    params = encoder.init(np.random.default_rng(4), REFERENCE)
    for path, leaf in tree.items(params):
        assert leaf.dtype == np.float32 and leaf.any() == path.endswith("weight"), path
    weight = params["out"]["weight"]
    assert weight.std() == pytest.approx(np.sqrt(2 / (128 + 64)), rel=0.05)
    assert_same(params, encoder.init(np.random.default_rng(4), REFERENCE))


def test_it_is_found_by_its_kind_and_has_no_running_averages():
    first = models.first_values(np.random.default_rng(5), REFERENCE)
    assert models.of(REFERENCE) is encoder and first["averages"] == {}
