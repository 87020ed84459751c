"""The whole convolutional decoder: gradients by finite differences and against autograd, and what training asks."""

import numpy as np
import pytest
from autograd import make_vjp
from hypothesis import given
from oracles import autoencoder as oracle
from support.helpers import assert_gradients_agree, assert_same, normal, seeds
from support.networks import DECODERS, decoders, make_decoder

from minihit import gradcheck, models, tree
from minihit.models.autoencoder import decoder, encoder
from minihit.models.autoencoder.config import ConvolutionalDecoderConfig, EncoderConfig

every_option = pytest.mark.parametrize("config", DECODERS.values(), ids=DECODERS.keys())
REFERENCE = ConvolutionalDecoderConfig(size=32, latent=64, channels=(128, 64))   # as for CIFAR-10, of 8 x 8 numbers


@every_option
def test_gradients_agree_with_finite_differences(config):
    rng = np.random.default_rng(0)
    params, z = make_decoder(config, rng)
    gradcheck.check_layer(decoder, params, z, rng, few=0, config=config)


@given(decoders(), seeds)
def test_any_architecture_agrees_with_autograd(config, seed):
    params, z = make_decoder(config, np.random.default_rng(seed))
    image, cache = decoder.forward(params, z, config)
    assert image.shape == (2, config.size, config.size, 3)
    vjp, expected = make_vjp(lambda arguments: oracle.images(*arguments, config))((params, z))
    np.testing.assert_allclose(image, expected, atol=1e-10)
    dimage = normal(2, *image.shape)
    assert_gradients_agree(decoder.backward(dimage, cache), vjp(dimage)[::-1], "z")


@every_option
def test_the_gradient_of_the_last_weight_can_be_had_alone(config):
    params, z = make_decoder(config, np.random.default_rng(1))
    image, cache = decoder.forward(params, z, config)
    dimage = normal(3, *image.shape)
    _, grads = decoder.backward(dimage, cache)
    np.testing.assert_array_equal(decoder.last_gradient(dimage, cache), grads["to_rgb"]["weight"])


@every_option
def test_every_parameter_moves_the_image(config):
    params, z = make_decoder(config, np.random.default_rng(2))
    image, cache = decoder.forward(params, z, config)
    _, grads = decoder.backward(normal(3, *image.shape), cache)
    assert all(np.abs(leaf).max() > 1e-8 for _, leaf in tree.items(grads))


@given(decoders(), seeds)
def test_an_image_depends_neither_on_the_rest_of_the_batch_nor_on_its_order(config, seed):
    params, z = make_decoder(config, np.random.default_rng(seed))
    together, _ = decoder.forward(params, z, config)
    alone = np.concatenate([decoder.forward(params, z[i:i + 1], config)[0] for i in (1, 0)])
    np.testing.assert_allclose(alone[::-1], together, atol=1e-12)


@every_option
def test_generate_is_forward(config):
    params, z = make_decoder(config, np.random.default_rng(4))
    np.testing.assert_array_equal(decoder.generate(params, z, config, {}), decoder.forward(params, z, config)[0])


def test_it_is_called_as_hits_generator_and_has_no_running_averages():
    first = models.first_values(np.random.default_rng(5), REFERENCE)
    assert models.of(REFERENCE) is decoder and first["averages"] == {}
    z = normal(6, 1, 8, 8, 64, dtype=np.float32)
    image, cache = decoder.forward(first["params"], z, REFERENCE, averages={}, total=None)
    assert_same(image, decoder.forward(first["params"], z, REFERENCE)[0])
    assert decoder.update_averages({}, cache) == {}


def test_it_mirrors_the_encoder():
    """The same kernels, each turned to the other side; at the ends 3 channels and 64 numbers, so biases differ."""
    there = encoder.init(None, EncoderConfig(size=32, channels=(64, 128), out=64))
    back = decoder.init(None, REFERENCE)
    assert [layer["weight"].shape for layer in reversed([*back["up"], back["to_rgb"]])] == [
        layer["weight"].shape for layer in there["down"]]
    assert {path: leaf.shape for path, leaf in tree.items(back["stack"])} == {
        path: leaf.shape for path, leaf in tree.items(there["stack"])}
    assert back["start"]["weight"].shape == there["out"]["weight"].shape[::-1]


def test_starting_values_are_glorot_uniform_and_zero():
    params = decoder.init(np.random.default_rng(7), REFERENCE)
    for path, leaf in tree.items(params):
        assert leaf.dtype == np.float32 and leaf.any() == path.endswith("weight"), path
    assert params["start"]["weight"].std() == pytest.approx(np.sqrt(2 / (128 + 64)), rel=0.05)
    assert_same(params, decoder.init(np.random.default_rng(7), REFERENCE))
