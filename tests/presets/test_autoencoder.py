"""Presets of autoencoders: what fits together, and that a decoder can be swapped with all else equal."""

from dataclasses import replace

import numpy as np
import pytest
from support.runs import TINY_CNN, TINY_VAE, TINY_VQVAE, everything
from support.settings import changes, filled, rows, shapes

from minihit import models, objectives, tree
from minihit.commands.info import describe
from minihit.errors import UserError
from minihit.models.autoencoder.config import EncoderConfig
from minihit.models.discriminator.config import DiscriminatorConfig
from minihit.presets import PRESETS as ALL
from minihit.presets import VaePreset, VqvaePreset
from minihit.presets.autoencoder import DECODERS, PRESETS, counterpart
from minihit.training import step

# parameters of the encoder and of each of DECODERS
COUNTS = {
    "vae-32": (1_412_864, 863_347, 861_653, 4_200_067),
    "vqvae-32": (366_224, 367_411, 366_211, 2_741_731),
    "vqvae-64": (1_585_504, 5_216_803, 5_192_035, 8_023_875),
    "vqvae-256": (6_461_184, 17_193_222, 17_303_891, 31_963_491),
}
every_preset = pytest.mark.parametrize("name", PRESETS)


def parameters(config):
    return tree.size(models.first_values(None, config)["params"])


@every_preset
def test_parameters(name):
    configs = [PRESETS[name].encoder, *(counterpart(name, decoder).decoder for decoder in DECODERS)]
    assert tuple(map(parameters, configs)) == COUNTS[name]


@every_preset
@pytest.mark.parametrize("decoder", DECODERS)
def test_a_preset_with_any_decoder_is_shown(name, decoder):
    preset = counterpart(name, decoder)
    text = describe(name, preset)
    assert max(map(len, text.splitlines())) <= 120
    assert all(f"{name}: {network}, " in text for network in preset.networks)
    assert f"{parameters(preset.decoder):,}" in text
    assert preset.size == int(name.split("-")[1])


@every_preset
def test_a_counterpart_has_another_decoder_and_all_else_equal(name):
    hit, cnn, wide = (counterpart(name, decoder) for decoder in DECODERS)
    assert hit == PRESETS[name] and hit.decoder.kind == "hit"
    for other in (cnn, wide):
        assert other.decoder.kind == "convolutional_decoder" and replace(other, decoder=hit.decoder) == hit
    assert parameters(cnn.decoder) == pytest.approx(parameters(hit.decoder), rel=0.1)
    assert parameters(wide.decoder) > 1.3 * parameters(cnn.decoder)


def test_a_preset_without_an_encoder_has_no_counterpart():
    with pytest.raises(UserError, match=r"--decoder chooses between the decoders of vae-32, .*: leave it out with"):
        counterpart("faces-32", "cnn")
    assert ALL.keys() >= PRESETS.keys()


def test_networks_come_in_the_order_of_their_first_values():
    assert list(TINY_VAE.networks) == ["encoder", "decoder"]
    assert list(everything(TINY_VAE).networks) == ["encoder", "decoder", "discriminator"]
    assert list(everything(TINY_VQVAE).networks) == ["encoder", "quantizer", "decoder", "discriminator"]


VAE, VQVAE = TINY_VAE, TINY_VQVAE


@pytest.mark.parametrize("preset, change, sentence", [
    (VAE, {"discriminator": DiscriminatorConfig((4, 6, 5, 5))},
     r"images of different sides \(encoder 16, decoder 16, discriminator 32\): give all of them the same$"),
    (VAE, {"encoder": EncoderConfig(size=32, channels=(5,), out=6, spatial=False)}, r"encoder 32, decoder 16, discrim"),
    (VQVAE, {"encoder": replace(VQVAE.encoder, size=32)}, "encoder 32, decoder 16, discriminator 16"),
    (VAE, {"encoder": replace(VAE.encoder, spatial=True)},
     "one of encoder and decoder has a latent grid, the other a vector: give both the same --encoder.spatial and"),
    (VQVAE, {"encoder": replace(VQVAE.encoder, spatial=False)}, "one of encoder and decoder has a latent grid"),
    (VQVAE, {"encoder": replace(VQVAE.encoder, channels=(8, 8))},
     "the encoder gives a grid of side 4 and the decoder reads one of side 8: choose as many channels for both"),
    (VAE, {"encoder": replace(VAE.encoder, out=3)},
     "the encoder gives 3 numbers and a mean and a log-variance for each of the decoder's needs 6: .*encoder.out 6"),
    (VQVAE, {"encoder": replace(VQVAE.encoder, out=6)},
     "the encoder gives 6 numbers and the quantizer needs 3: choose --encoder.out 3"),
    (VQVAE, {"decoder": replace(TINY_CNN, spatial=False)},
     "codes stand at the positions of a grid: choose --decoder.spatial and --encoder.spatial"),
    (VQVAE, {"decoder": replace(TINY_CNN, latent=4)},
     "codes have 3 numbers and the decoder reads 4: choose --decoder.latent 3"),
])
def test_what_does_not_fit_together_is_refused(preset, change, sentence):
    with pytest.raises(UserError, match=sentence):
        replace(preset, **change)


@pytest.mark.parametrize("preset", [VAE, VQVAE], ids=["vae", "vqvae"])
def test_a_discriminator_that_compares_images_needs_whole_groups_where_it_is_trained(preset):
    compares = replace(preset.discriminator, minibatch_stddev=True)
    six = replace(preset.recipe, batch=6, micro_batch=0)
    replace(preset, discriminator=compares, recipe=six)
    replace(preset, discriminator=compares, recipe=replace(six, batch=8, adversarial=1.0))
    with pytest.raises(UserError, match="groups of 4 images and 6 come together: choose batch and micro_batch as mult"):
        replace(preset, discriminator=compares, recipe=replace(six, adversarial=1.0))


# every field


SAID = {"pixels", "generator_loss"}
OF_VAE = [
    ("encoder", VAE.encoder, replace(VAE.encoder, blocks=0), {"encoder"} | SAID),
    ("decoder", VAE.decoder, replace(TINY_CNN, spatial=False), {"decoder"} | SAID),
    ("discriminator", VAE.discriminator, DiscriminatorConfig((4, 6, 7)), {"discriminator", "generator_loss"}),
    ("recipe", everything(VAE).recipe, replace(everything(VAE).recipe, pixels="l2"), {"pixels"}),
]
OF_VQVAE = [
    ("encoder", VQVAE.encoder, replace(VQVAE.encoder, blocks=0), {"encoder"} | SAID),
    ("quantizer", VQVAE.quantizer, replace(VQVAE.quantizer, codes=9), {"quantizer"} | SAID),
    ("decoder", VQVAE.decoder, TINY_CNN, {"decoder"} | SAID),
    ("discriminator", VQVAE.discriminator, DiscriminatorConfig((4, 6, 7)), {"discriminator", "generator_loss"}),
    ("recipe", everything(VQVAE).recipe, replace(everything(VQVAE).recipe, pixels="l2"), {"pixels"}),
]
TABLE = [(everything(VAE), *row) for row in rows(VaePreset, OF_VAE)]
TABLE += [(everything(VQVAE), *row) for row in rows(VqvaePreset, OF_VQVAE)]


def facts(preset):
    """The shapes of its networks, and what is said of a step at weights that a leaf's path decides."""
    networks = filled({name: models.first_values(None, config) for name, config in preset.networks.items()})
    rng = np.random.default_rng(0)
    images = rng.standard_normal((4, preset.size, preset.size, 3))
    *_, metrics = step.gradients(networks, images, objectives.of(preset).draw(rng, 4, preset, 4), preset)
    return {**{name: shapes(parts) for name, parts in networks.items()}, **{name: metrics[name] for name in SAID}}


@pytest.mark.parametrize("preset, field, value, other, expected", TABLE,
                         ids=[f"{preset.kind}, {field}" for preset, field, *_ in TABLE])
def test_a_part_of_a_preset_changes_what_it_is_for(preset, field, value, other, expected):
    one, two = (facts(replace(preset, **{field: part})) for part in (value, other))
    assert changes(one, two) == expected
