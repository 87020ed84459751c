"""What only a VQ-VAE does; its gradients are held to account in test_autoencoder.py."""

import numpy as np
import pytest
from oracles import autoencoder as oracle
from oracles import quantizer
from support.autoencoders import BY_GRADIENT, VQVAE, VQVAES, changed, make, with_codes
from support.helpers import assert_same

from minihit import tree
from minihit.objectives import vqvae
from minihit.training import step

ways = pytest.mark.parametrize("preset", [VQVAE, BY_GRADIENT], ids=["averages", "gradient"])


def test_every_code_is_offered_a_vector_of_the_batch_at_most():
    draws = vqvae.draw(np.random.default_rng(0), 4, VQVAE, 12)
    assert draws.keys() == {"offers", "fade"} and draws["offers"].shape == (4, 64)
    assert sorted(draws["offers"][draws["offers"] >= 0]) == list(range(12))
    assert draws["fade"].tolist() == [0.5] * 4


@pytest.mark.parametrize("name, expected", [("alone", {"offers"}), ("no restarts", {"fade"}),
                                            ("by gradient", {"fade"})])
def test_only_what_is_needed_is_drawn(name, expected):
    assert vqvae.draw(np.random.default_rng(0), 4, VQVAES[name], 1).keys() == expected


@ways
def test_in_evaluation_a_picture_is_its_codes(preset):
    networks, images, _ = make(preset)
    latents, facts = vqvae.encode(networks, images, preset)
    z = oracle.codes(networks["encoder"]["params"], images, preset.encoder)
    codebook = {**networks["quantizer"]["averages"], **networks["quantizer"]["params"]}["codebook"]
    indices = np.reshape(quantizer.nearest(z.reshape(-1, 3), codebook), z.shape[:-1])
    assert facts.keys() == {"z", "indices"}
    np.testing.assert_allclose(facts["z"], z, rtol=1e-9, atol=1e-12)
    np.testing.assert_array_equal(facts["indices"], indices)
    np.testing.assert_array_equal(latents, codebook[indices])
    assert len(np.unique(indices)) > 4


@ways
def test_beta_0_stops_the_commitment_and_not_the_codebook(preset):
    """Two public implementations have beta at the wrong one of the two."""
    inputs = make(preset)
    free, averages, metrics = step.gradients(*inputs, changed(preset, beta=0.0))
    pulled, same, committed = step.gradients(*inputs, changed(preset, beta=0.4))
    assert metrics["commitment"] == 0 and metrics["codebook"] == committed["codebook"] > 0
    assert_same([averages, free["quantizer"], free["decoder"]], [same, pulled["quantizer"], pulled["decoder"]])
    assert any(np.abs(new - old).max() > 1e-3 for (_, old), (_, new) in zip(
        tree.items(inputs[0]["quantizer"]["averages"]), tree.items(averages["quantizer"]), strict=True)
    ) or np.abs(free["quantizer"]["codebook"]).max() > 1e-3
    for (path, a), (_, b) in zip(tree.items(free["encoder"]), tree.items(pulled["encoder"]), strict=True):
        assert np.abs(a - b).max() > 1e-9, path


@ways
def test_commitment_and_codebook_are_one_distance_and_beta_of_it(preset):
    *_, metrics = step.gradients(*make(preset), changed(preset, beta=0.25))
    np.testing.assert_allclose(metrics["commitment"], 0.25 * metrics["codebook"], rtol=1e-12)


def test_a_codebook_of_averages_is_not_trained_by_gradients():
    grads, averages, _ = step.gradients(*make(VQVAE), VQVAE)
    assert grads["quantizer"] == {} and averages["quantizer"].keys() == {"codebook", "count", "sum", "weight"}
    grads, averages, _ = step.gradients(*make(BY_GRADIENT), BY_GRADIENT)
    assert grads["quantizer"].keys() == {"codebook"} and averages["quantizer"] == {}


def test_codes_that_are_used_too_little_begin_again_on_vectors_of_the_batch():
    """Code, count and sum together; the others go where they go without restarts."""
    inputs, without = make(VQVAE), with_codes(VQVAE, restart=0.0)
    _, moved, _ = step.gradients(*inputs, VQVAE)
    _, stayed, _ = step.gradients(*inputs, without)
    z = vqvae.encode(inputs[0], inputs[1], VQVAE)[1]["z"]
    new, old, dead = moved["quantizer"], stayed["quantizer"], []
    for code in range(12):
        if (new["codebook"][code] == old["codebook"][code]).all():
            assert new["count"][code] == old["count"][code]
            continue
        dead.append(code)
        (place,) = np.argwhere(inputs[2]["offers"] == code)
        np.testing.assert_array_equal(new["codebook"][code], z.reshape(4, 64, 3)[tuple(place)])
        np.testing.assert_allclose(new["sum"][code], new["count"][code] * new["codebook"][code])
    assert 0 < len(dead) < 6 and new["weight"] == old["weight"]


def test_the_decoder_moves_the_encoder_as_if_codes_were_vectors():
    """Straight-through: the encoder's gradient is that of z plus an offset; the rotation trick's is another."""
    straight, turned = (step.gradients(*make(preset), preset)[0] for preset in (VQVAE, VQVAES["rotation"]))
    assert_same(straight["decoder"], turned["decoder"])
    assert_same(straight["discriminator"], turned["discriminator"])
    for (path, a), (_, b) in zip(tree.items(straight["encoder"]), tree.items(turned["encoder"]), strict=True):
        assert np.abs(a - b).max() > 1e-9, path
