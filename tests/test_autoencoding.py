"""Pictures to latents and back: as training's networks do it, in evaluation, however many there are."""

import numpy as np
import pytest
import strict_cupy
from support.runs import AUTOENCODERS, write_run

from minihit import autoencoding, batches, models
from minihit.backend import to_device
from minihit.models import quantizer
from minihit.models.autoencoder import encoder
from minihit.training.run import weights

NEAR = {"rtol": 1e-4, "atol": 1e-5}
ALL = pytest.mark.parametrize("name", AUTOENCODERS)


@pytest.fixture
def trained(tmp_path):
    """Networks of a preset far from their first values, by its name."""
    return lambda name: weights.load_autoencoder(write_run(tmp_path, AUTOENCODERS[name]))[1]


def pictures(count, seed=0):
    return np.random.default_rng(seed).uniform(-1, 1, (count, 16, 16, 3)).astype(np.float32)


@ALL
def test_latents_are_means_or_codes_and_pictures_are_made_of_them_alone(trained, name):
    preset, networks, images = AUTOENCODERS[name], trained(name), pictures(7)
    z, _ = encoder.forward(networks["encoder"]["params"], images, preset.encoder)
    latents, facts = autoencoding.encode(networks, images, preset)
    if preset.kind == "vae":
        assert facts.keys() == {"mean", "log_variance"}
        np.testing.assert_allclose(np.concatenate([facts["mean"], facts["log_variance"]], axis=-1), z, **NEAR)
        expected = facts["mean"]
    else:
        here = networks["quantizer"]
        expected, cache = quantizer.forward(here["params"], z, preset.quantizer, here["averages"])
        np.testing.assert_allclose(facts["z"], z, **NEAR)
        np.testing.assert_array_equal(facts["indices"], cache["indices"])
    np.testing.assert_array_equal(latents, expected)
    assert latents.shape == (7, *preset.decoder.z_shape)
    rebuilt, again = autoencoding.reconstruct(networks, images, preset)
    here = networks["decoder"]
    by_averages, _ = models.of(preset.decoder).forward(here["params"], latents, preset.decoder, here["averages"])
    np.testing.assert_allclose(rebuilt, by_averages, **NEAR)
    assert again.keys() == facts.keys()


@ALL
@pytest.mark.parametrize("count", [1, batches.BATCH, batches.BATCH + 1])
def test_every_picture_is_itself_however_many_there_are(trained, name, count):
    preset, networks, images = AUTOENCODERS[name], trained(name), pictures(2 * batches.BATCH)
    rebuilt, facts = autoencoding.reconstruct(networks, images[:count], preset)
    assert (rebuilt.shape, rebuilt.dtype) == ((count, 16, 16, 3), np.float32)
    assert all(len(fact) == count for fact in facts.values())
    some = [0, count - 1]
    np.testing.assert_allclose(autoencoding.reconstruct(networks, images[some], preset)[0], rebuilt[some], **NEAR)


@ALL
def test_a_device_finds_the_same_and_hands_it_back(monkeypatch, trained, name):
    """To rounding: its batches have another shape."""
    preset, networks, images = AUTOENCODERS[name], trained(name), pictures(3)
    expected, facts = autoencoding.reconstruct(networks, images, preset)
    strict_cupy.install(monkeypatch)
    found, others = autoencoding.reconstruct(to_device(networks, "gpu"), images, preset, "gpu")
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5 * abs(expected).max())
    for fact in facts:
        np.testing.assert_allclose(others[fact], facts[fact], **NEAR)
        assert type(others[fact]) is np.ndarray
