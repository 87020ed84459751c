"""The whole discriminator: gradients by finite differences and against autograd, tangent, rescaled unit gradients."""

import numpy as np
import pytest
from autograd import make_vjp
from hypothesis import given
from hypothesis import strategies as st
from oracles import discriminator as oracle
from support.helpers import assert_gradients_agree, assert_same, normal, seeds
from support.networks import DISCRIMINATORS, PLAIN, discriminators, make_discriminator
from support.twins import every_way, going

from minihit import gradcheck, tree
from minihit.models import discriminator
from minihit.models.discriminator.config import DiscriminatorConfig, stylegan2_channels

every_option = pytest.mark.parametrize("config", DISCRIMINATORS.values(), ids=DISCRIMINATORS.keys())
every_image_alone = pytest.mark.parametrize(
    "config", [config for config in DISCRIMINATORS.values() if not config.minibatch_stddev], ids=str)


@every_option
def test_gradients_agree_with_finite_differences(config):
    rng = np.random.default_rng(0)
    params, images = make_discriminator(config, rng)
    gradcheck.check_layer(discriminator, params, images, rng, few=0, config=config)


@every_option
def test_logits_and_gradients_agree_with_autograd(config):
    assert_autograd_agrees(config, seed=1, count=4)


@given(discriminators(), st.sampled_from([1, 2, 4, 8]), seeds)
def test_any_architecture_agrees_with_autograd(config, count, seed):
    assert_autograd_agrees(config, seed, count)


def assert_autograd_agrees(config, seed, count):
    params, images = make_discriminator(config, np.random.default_rng(seed), count=count)
    logits, cache = discriminator.forward(params, images, config)
    vjp, expected = make_vjp(lambda arguments: oracle.logits(*arguments, config))((params, images))
    np.testing.assert_allclose(logits, expected, rtol=1e-10)
    dlogits = normal(2, len(images))
    assert_gradients_agree(discriminator.backward(dlogits, cache), vjp(dlogits)[::-1], "images")


@every_option
def test_tangent_agrees_with_finite_differences(config):
    rng = np.random.default_rng(3)
    params, images = make_discriminator(config, rng)
    gradcheck.check_tangent(discriminator, params, images, rng, config=config)


@every_option
def test_tangent_and_input_gradient_are_transposes(config):
    params, images = make_discriminator(config, np.random.default_rng(4))
    _, cache = discriminator.forward(params, images, config)
    t_images, dlogits = normal(5, *images.shape), normal(6, len(images))
    dimages, _ = discriminator.input_gradient(dlogits, cache)
    t_logits, _ = discriminator.tangent(t_images, cache)
    np.testing.assert_allclose((dlogits * t_logits).sum(), (dimages * t_images).sum(), rtol=1e-10)


@every_option
def test_features_are_what_the_blocks_read(config):
    params, images = make_discriminator(config, np.random.default_rng(12))
    _, cache = discriminator.forward(params, images, config)
    found, expected = discriminator.features(cache), oracle.features(params, images, config)
    assert [x.shape[1:] for x in found] == [(16, 16, 3), (8, 8, 5)]
    for x, y in zip(found, expected, strict=True):
        np.testing.assert_allclose(x, y, rtol=1e-10, atol=1e-12)


@every_way
@every_image_alone
def test_one_logit_gradients_serves_every_loss(config, on_gpu):
    with going(on_gpu):
        assert_logit_gradients_serve(config)


def assert_logit_gradients_serve(config):
    params, images = make_discriminator(config, np.random.default_rng(7))
    _, cache = discriminator.forward(params, images, config)
    seeds = normal(8, len(images))
    dimages, deltas = discriminator.logit_gradients(cache)
    expected_dimages, expected_grads = discriminator.backward(seeds, cache)
    assert_same(discriminator.parameter_gradient(seeds, cache), expected_grads)
    np.testing.assert_allclose(dimages * seeds[:, None, None, None], expected_dimages, atol=1e-10)
    grads = dict(tree.items(discriminator.weight_gradient(deltas, cache, seeds)))
    for path, expected in tree.items(expected_grads):
        gradcheck.assert_close(grads[path], expected, path, rtol=1e-9, atol=1e-10)


@every_way
@every_image_alone
def test_one_product_per_layer_serves_a_loss_and_a_penalty(config, on_gpu):
    with going(on_gpu):
        assert_one_product_serves(config)


def assert_one_product_serves(config):
    """weight_gradient(deltas, cache, seeds, t_cache) is the gradient of sum_b seeds_b logit_b + t_logit_b."""
    rng = np.random.default_rng(9)
    params, images = make_discriminator(config, rng)
    seeds, t_images = rng.standard_normal(len(images)), rng.standard_normal(images.shape)

    def forward(arguments):
        logits, cache = discriminator.forward(arguments, images, config)
        t_logits, t_cache = discriminator.tangent(t_images, cache)
        return [seeds * logits + t_logits], [cache, t_cache]

    def backward(douts, caches):
        _, deltas = discriminator.input_gradient(douts[0], caches[0])
        return discriminator.weight_gradient(deltas, caches[0], seeds, caches[1])

    gradcheck.require(gradcheck.compare(forward, backward, params, rng, few=0))


@given(discriminators(minibatch_stddev=False), st.integers(1, 4), seeds)
def test_a_logit_depends_neither_on_the_rest_of_the_batch_nor_on_its_order(config, count, seed):
    rng = np.random.default_rng(seed)
    params, images = make_discriminator(config, rng, count=count)
    logits, _ = discriminator.forward(params, images, config)
    alone = [discriminator.forward(params, image[None], config)[0][0] for image in images]
    np.testing.assert_allclose(alone, logits, rtol=1e-10, atol=1e-12)
    order = rng.permutation(count)
    np.testing.assert_allclose(discriminator.forward(params, images[order], config)[0], logits[order], rtol=1e-10,
                               atol=1e-12)


@given(discriminators(minibatch_stddev=True), seeds)
def test_with_stddev_the_order_inside_a_group_is_kept(config, seed):
    """Four images are one group, whose deviation knows no order."""
    rng = np.random.default_rng(seed)
    params, images = make_discriminator(config, rng, count=4)
    logits, _ = discriminator.forward(params, images, config)
    order = rng.permutation(4)
    np.testing.assert_allclose(discriminator.forward(params, images[order], config)[0], logits[order], rtol=1e-9,
                               atol=1e-11)


def test_equalised_weights_are_divided_by_the_root_of_their_fan_in():
    params, _ = make_discriminator(DISCRIMINATORS["equalised"], np.random.default_rng(10))
    used = discriminator.equalize(params)
    np.testing.assert_allclose(used["stem"]["weight"], params["stem"]["weight"] / np.sqrt(27))
    np.testing.assert_allclose(used["dense"]["weight"], params["dense"]["weight"] / np.sqrt(16 * 4))
    assert_same(used["stem"]["bias"], params["stem"]["bias"])


def test_starting_values_are_those_of_hit():
    plain = discriminator.init(np.random.default_rng(11), PLAIN)
    equalised = discriminator.init(np.random.default_rng(11), DISCRIMINATORS["equalised"])
    assert np.abs(plain["stem"]["weight"]).max() <= np.sqrt(6 / (27 + 27))     # Glorot uniform of 3 to 3 channels
    assert equalised["dense"]["weight"].std() == pytest.approx(1.0, rel=0.2)
    assert not any(leaf.any() for path, leaf in tree.items(plain) if path.endswith("bias"))


@pytest.mark.parametrize("size, multiplier, count", [(128, 1, 23_880_833), (256, 2, 28_862_593), (1024, 2, 29_008_673)])
def test_official_parameter_counts(size, multiplier, count, shapes_only):
    config = DiscriminatorConfig(stylegan2_channels(size, multiplier))
    assert config.size == size
    assert tree.size(discriminator.init(shapes_only, config)) == count
