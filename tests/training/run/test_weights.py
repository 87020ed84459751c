"""The networks of a run, loaded: which of them, averaged or raw, and what is refused."""

import shutil

import pytest
from support.helpers import assert_same
from support.runs import AUTOENCODERS, TINY, TINY_VAE, write_run

from minihit import tree
from minihit.errors import UserError
from minihit.models import first_values
from minihit.training.run import checkpoint, weights
from minihit.training.run.folder import BUILT_IN


@pytest.mark.parametrize("raw, kind", [(False, "ema"), (True, "networks")])
@pytest.mark.parametrize("name", AUTOENCODERS)
def test_all_that_encodes_and_decodes_is_loaded_and_nothing_else(tmp_path, name, raw, kind):
    preset = AUTOENCODERS[name]
    folder = write_run(tmp_path, preset)
    config, networks, step = weights.load_autoencoder(folder, raw=raw)
    assert (config.preset, step) == (preset, 3)
    assert networks.keys() == {"encoder", "decoder"} | ({"quantizer"} if preset.kind == "vqvae" else set())
    like = {kind: {network: first_values(None, preset.networks[network]) for network in networks}}
    saved, _ = checkpoint.load(checkpoint.path_of(folder.checkpoints, 3), like)
    assert_same(networks, saved[kind])


def test_the_decoder_of_a_vae_is_loaded_as_what_makes_pictures(tmp_path):
    folder = write_run(tmp_path, TINY_VAE)
    _, networks, _ = weights.load_autoencoder(folder)
    config, decoder, step = weights.load_generator(folder)
    assert_same(decoder, networks["decoder"])
    assert (config.preset, step) == (TINY_VAE, 3)


def test_what_ships_with_the_package_becomes_float32():
    config, generator, _ = weights.load_generator(BUILT_IN)
    like = first_values(None, config.preset.generator)
    assert [(name, leaf.shape) for name, leaf in tree.items(generator)] == [(n, x.shape) for n, x in tree.items(like)]
    assert {leaf.dtype.name for _, leaf in tree.items(generator)} == {"float32"}


def test_what_is_not_there_is_refused_before_a_checkpoint_is_read(tmp_path):
    gan = write_run(tmp_path / "gan", TINY)
    vqvae = write_run(tmp_path / "vqvae", AUTOENCODERS["vqvae"])
    for folder in (gan, vqvae):
        shutil.rmtree(folder.checkpoints)
    with pytest.raises(UserError, match="gan has a generator and no encoder, so pictures have no latents there"):
        weights.load_autoencoder(gan)
    with pytest.raises(UserError, match="codes of a VQ-VAE have no prior to draw samples from"):
        weights.load_generator(vqvae)
    with pytest.raises(UserError, match="holds no whole checkpoint"):
        weights.load_autoencoder(vqvae)


def test_a_broken_checkpoint_of_an_autoencoder_is_passed_over(tmp_path):
    folder, reports = write_run(tmp_path, TINY_VAE), []
    checkpoint.path_of(folder.checkpoints, 7).write_bytes(b"PK half")
    assert weights.load_autoencoder(folder, report=reports.append)[2] == 3
    assert len(reports) == 1 and "step-00000007.npz is not a whole checkpoint" in reports[0]
