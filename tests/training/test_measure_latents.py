"""What is measured of reconstructions and of latents, for pictures and latents that are known."""

import numpy as np
import pytest
from support.runs import TINY_VQVAE

from minihit import autoencoding
from minihit.data.faces.render import faces
from minihit.show.images import to_float
from minihit.training import measure_latents

IMAGES = np.minimum(faces(0, 0, 20, 16), 254)


@pytest.fixture
def facts(monkeypatch):
    """Call it with what the networks shall say of IMAGES, whatever they are."""
    def put(**found):
        def encode(networks, images, preset, device):
            np.testing.assert_array_equal(images, to_float(IMAGES))
            return None, found

        monkeypatch.setattr(autoencoding, "encode", encode)

    return put


def test_each_latent_number_has_its_kl_from_a_standard_normal_one(facts):
    """0 nats where it says nothing; mean^2 / 2; (variance - 1 - log variance) / 2: means over images."""
    mean = np.array([[0.0, 1.0, 0.0, 0.1], [0.0, -1.0, 0.0, 0.1]], np.float32)
    facts(mean=mean, log_variance=np.zeros_like(mean) + np.log(np.array([1, 1, 4, 1], np.float32)))
    found = measure_latents.of_dimensions(None, None, "cpu", IMAGES)
    assert found["kl_dimensions"] == [0.0, 0.5, 0.8069, 0.005]
    assert found["kl_held_out"] == pytest.approx(1.31185, rel=1e-4)
    assert found["dimensions_used"] == 2                                  # 0.005 nats do not count


def test_codes_are_counted_over_all_images(facts):
    facts(indices=np.array([[0, 0, 5], [5, 5, 0]]))
    found = measure_latents.of_codes(None, TINY_VQVAE, "cpu", IMAGES)
    assert found == {"codes_used": pytest.approx(2 / 12), "perplexity": pytest.approx(2.0)}


def test_reconstructions_are_compared_with_these_very_images(monkeypatch):
    def found(rebuilt, seed=0):
        monkeypatch.setattr(autoencoding, "reconstruct", lambda networks, images, *_: (rebuilt(images), {}))
        return measure_latents.of_reconstructions(None, None, "cpu", seed, IMAGES)

    brighter, other = found(lambda images: images + 1 / 127.5), found(lambda images: images[::-1])
    assert brighter["psnr"] == pytest.approx(20 * np.log10(255), rel=1e-6)
    assert 0.99 < brighter["ssim"] < 1 and other["ssim"] < 0.7 and other["psnr"] < 20
    assert found(lambda images: images.copy())["swd_rebuilt"] == 0 < brighter["swd_rebuilt"]
    assert found(lambda images: images + 1 / 127.5, seed=1)["swd_rebuilt"] != brighter["swd_rebuilt"]


@pytest.mark.parametrize("nats, used", [(0.009995, 0), (0.010005, 1)])
def test_a_number_says_something_above_a_hundredth_of_a_nat(facts, nats, used):
    facts(mean=np.full((2, 1), (2 * nats) ** 0.5), log_variance=np.zeros((2, 1)))
    assert measure_latents.of_dimensions(None, None, "cpu", IMAGES)["dimensions_used"] == used


def test_nats_are_added_up_in_double_precision(facts):
    """Of many images, most of which say a little beside one that says much."""
    mean = np.full((100_000, 2), 0.1, np.float32)
    mean[0] = 4096.0
    facts(mean=mean, log_variance=np.zeros_like(mean))
    expected = (4096.0**2 + 99_999 * 0.01) / 100_000
    assert measure_latents.of_dimensions(None, None, "cpu", IMAGES)["kl_held_out"] == pytest.approx(expected, rel=1e-7)
