"""What only a VAE does; its gradients are held to account in test_autoencoder.py."""

import numpy as np
import pytest
from oracles import autoencoder as oracle
from support.autoencoders import VAE, VAES, changed, make
from support.helpers import assert_same

from minihit import tree
from minihit.objectives import vae
from minihit.training import step


@pytest.mark.parametrize("name", ["everything, l1", "grid"])
def test_a_step_draws_noise_of_the_latents_shape_for_each_image(name):
    preset = VAES[name]
    draws = vae.draw(np.random.default_rng(0), 400, preset, 1)
    assert draws["noise"].shape == (400, *preset.decoder.z_shape) and draws["noise"].dtype == np.float32
    np.testing.assert_allclose([draws["noise"].mean(), draws["noise"].std()], [0, 1], atol=0.1)


def test_alone_it_draws_nothing_else():
    assert vae.draw(np.random.default_rng(0), 4, VAES["alone"], 1).keys() == {"noise"}
    assert vae.draw(np.random.default_rng(0), 4, VAE, 12).keys() == {"noise", "fade"}
    assert vae.draw(np.random.default_rng(0), 4, VAE, 12)["fade"].tolist() == [0.5] * 4


@pytest.mark.parametrize("name", ["everything, l1", "grid"])
def test_in_evaluation_a_picture_is_its_mean(name):
    """Without noise; a grid has a mean and a log-variance at every position, first all means."""
    preset = VAES[name]
    networks, images, _ = make(preset)
    latents, facts = vae.encode(networks, images, preset)
    y, n = oracle.codes(networks["encoder"]["params"], images, preset.encoder), preset.decoder.latent
    np.testing.assert_allclose(latents, y[..., :n], rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(facts["log_variance"], y[..., n:], rtol=1e-9, atol=1e-12)
    assert facts.keys() == {"mean", "log_variance"} and facts["mean"] is latents
    assert latents.shape == (4, *preset.decoder.z_shape)


def test_beta_weighs_the_kl_and_nothing_else():
    """The encoder's gradient is linear in it, the rest does not know it; the KL that is told is not weighted."""
    found = {beta: step.gradients(*make(VAE), changed(VAE, beta=beta)) for beta in (0.0, 1.0, 3.0)}
    (free, *others), (one, *_), (three, *_) = found[0.0], found[1.0], found[3.0]
    for grads, averages, metrics in found.values():
        assert_same([averages, metrics], others)
        assert_same({**grads, "encoder": {}}, {**free, "encoder": {}})
    for (path, a), (_, b), (_, c) in zip(*[tree.items(grads["encoder"]) for grads in (free, one, three)], strict=True):
        np.testing.assert_allclose(c - a, 3 * (b - a), rtol=1e-6, atol=1e-9, err_msg=path)
        assert np.abs(b - a).max() > 1e-6, path


def test_the_terms_are_in_nats_per_image():
    """As many for one image as are a mean over four alike; a value whose noise is given costs what its density says."""
    preset = changed(VAES["alone"], pixels="l2", sigma=0.5)
    networks, images, draws = make(preset)
    alike = [tree.map(lambda x: np.repeat(x[:1], 4, axis=0), part) for part in ([images], draws)]
    *_, four = step.gradients(networks, alike[0][0], alike[1], preset)
    *_, one = step.gradients(networks, images[:1], tree.map(lambda x: x[:1], draws), preset)
    np.testing.assert_allclose([four["pixels"], four["kl"]], [one["pixels"], one["kl"]], rtol=1e-9)
    least = images[0].size * np.log(0.5 * np.sqrt(2 * np.pi))              # of a reconstruction without a fault
    assert one["pixels"] > least and one["kl"] > 0
