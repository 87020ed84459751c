"""Every setting of a network changes the parts that it is for, and nothing else."""

from dataclasses import replace

import numpy as np
import pytest
from support import steps
from support.runs import TINY
from support.settings import changes, filled, rows, shapes

from minihit import models, tree
from minihit.models import discriminator, quantizer, stylegan2
from minihit.models.autoencoder import decoder, encoder
from minihit.models.autoencoder.config import ConvolutionalDecoderConfig, EncoderConfig
from minihit.models.discriminator.config import DiscriminatorConfig
from minihit.models.hit import generator
from minihit.models.hit.config import GeneratorConfig
from minihit.models.quantizer.config import QuantizerConfig
from minihit.models.stylegan2.config import StyleGAN2Config

BASE = replace(TINY.generator, tokens=4)                                  # which a grid of latents can be averaged to
WEIGHTS = {"images", "images in evaluation", "gradient"}                  # what new or other weights change
GENERATOR = rows(GeneratorConfig, [
    ("latent", 3, 5, {"start", "tokens", "first values"} | WEIGHTS),
    ("channels", (8, 4), (8, 8), {"stage 0", "stage 1", "averages", "first values"} | WEIGHTS),
    ("layers", (1, 1), (1, 2), {"stage 1", "averages", "first values"} | WEIGHTS),
    ("heads", (2, 2), (4, 2), {"stage 0", "first values"} | WEIGHTS),
    ("windows", (4, None), (2, None), WEIGHTS),
    ("tokens", 3, 4, {"tokens", "first values"} | WEIGHTS),
    ("attention", "multi_axis", "block", WEIGHTS),
    ("cross_attention", True, False, {"tokens", "stage 0", "stage 1", "averages", "first values"} | WEIGHTS),
    ("multi_query", True, False, {"stage 0", "stage 1", "first values"} | WEIGHTS),
    ("norm", "batch", "layer", {"averages"} | WEIGHTS),
    ("start", 8, 16, {"start", "stage 0", "stage 1", "first values"} | WEIGHTS),
    ("spatial", False, True, {"start", "tokens", "first values"} | WEIGHTS),
])
DISCRIMINATOR = rows(DiscriminatorConfig, [
    ("channels", (4, 6, 5), (4, 6, 7), {"blocks", "conv", "dense", "logit", "first values", "logits", "gradient"}),
    ("downsample", "blur", "average", {"logits", "gradient"}),
    ("equalized", False, True, {"first values", "logits", "gradient"}),
    ("minibatch_stddev", False, True, {"conv", "first values", "logits", "gradient"}),
])
CODEBOOK = QuantizerConfig(codes=5, width=3, restart=0.5)
QUANTIZER = rows(QuantizerConfig, [
    ("codes", 5, 7, {"first values", "codes", "averages", "offers"}),
    ("width", 3, 4, {"first values", "codes", "averages", "gradient"}),
    ("learn", "average", "gradient", {"first values", "averages", "gradient", "offers"}),
    ("decay", 0.99, 0.9, {"averages"}),
    ("restart", 0.5, 0.0, {"averages", "offers"}),
    ("rotate", False, True, {"gradient"}),
])

ENCODER = rows(EncoderConfig, [
    ("size", 8, 16, {"codes", "gradient"}),
    ("channels", (4, 8), (4, 12), {"down", "stack", "out", "first values", "codes", "gradient"}),
    ("out", 3, 5, {"out", "first values", "codes", "gradient"}),
    ("blocks", 2, 0, {"stack", "first values", "codes", "gradient"}),
    ("spatial", True, False, {"out", "first values", "codes", "gradient"}),
])
DECODER = rows(ConvolutionalDecoderConfig, [
    ("size", 8, 16, {"images", "gradient"}),
    ("latent", 3, 5, {"start", "first values", "images", "gradient"}),
    ("channels", (8, 4), (8, 6), {"up", "to_rgb", "first values", "images", "gradient"}),
    ("blocks", 2, 0, {"stack", "first values", "images", "gradient"}),
    ("spatial", True, False, {"start", "first values", "images", "gradient"}),
])
STYLEGAN2 = rows(StyleGAN2Config, [
    ("latent", 4, 6, {"mapping", "draws", "first values"} | WEIGHTS),
    ("width", 5, 7, {"mapping", "averages", "blocks", "first values"} | WEIGHTS),
    ("channels", (6, 4), (6, 5), {"blocks", "first values"} | WEIGHTS),
    ("mapping", 2, 3, {"mapping", "first values"} | WEIGHTS),
    ("mapping_rate", 0.01, 0.02, {"first values"} | WEIGHTS),
])
SMALL_STYLEGAN2 = StyleGAN2Config(latent=4, width=5, channels=(6, 4), mapping=2)
SMALL_ENCODER = EncoderConfig(size=8, channels=(4, 8), out=3)
SMALL_DECODER = ConvolutionalDecoderConfig(size=8, latent=3, channels=(8, 4))


def generator_facts(config):
    """Shapes place by place, numbers for weights that a leaf's path decides, and what a step of training makes."""
    preset = replace(TINY, generator=config, discriminator=DiscriminatorConfig((4,) * (config.size.bit_length() - 2)))
    first = steps.trees(steps.create(0, preset, np.float32, spread=0.0))["generator"]
    params, averages = filled(first["params"]), filled(first["averages"])
    z = np.random.default_rng(0).standard_normal((4, *config.z_shape))
    parts = {"start": params["start"], "tokens": params.get("tokens", []),
             **{f"stage {index}": stage for index, stage in enumerate(params["stages"])}}
    return {**{name: shapes(part) for name, part in parts.items()}, "averages": shapes(averages),
            "first values": first["params"], "images": generator.forward(params, z, config)[0],
            "images in evaluation": generator.generate(params, z, config, averages),
            "gradient": step_of(preset)["generator"]}


def discriminator_facts(config):
    preset = replace(TINY, discriminator=config)
    first = steps.trees(steps.create(0, preset, np.float32, spread=0.0))["discriminator"]
    params, images = filled(first), np.random.default_rng(0).standard_normal((4, config.size, config.size, 3))
    return {**{name: shapes(part) for name, part in params.items()}, "first values": first,
            "logits": discriminator.forward(params, images, config)[0], "gradient": step_of(preset)["discriminator"]}


def encoder_facts(config):
    first = encoder.init(np.random.default_rng(0), config)
    params, images = filled(first), np.random.default_rng(1).standard_normal((2, config.size, config.size, 3))
    y, cache = encoder.forward(params, images, config)
    return {**{name: shapes(part) for name, part in params.items()}, "first values": first, "codes": y,
            "gradient": encoder.backward(y, cache)[1]}


def decoder_facts(config):
    first = decoder.init(np.random.default_rng(0), config)
    params, z = filled(first), np.random.default_rng(1).standard_normal((2, *config.z_shape))
    images, cache = decoder.forward(params, z, config)
    return {**{name: shapes(part) for name, part in params.items()}, "first values": first, "images": images,
            "gradient": decoder.backward(images, cache)[1]}


def stylegan2_facts(config):
    first = models.first_values(np.random.default_rng(0), config)
    params, averages = filled(first["params"]), filled(first["averages"])
    draws = stylegan2.draw(np.random.default_rng(1), 2, config)
    images, cache = stylegan2.forward(params, draws["z"], config, noise=draws["noise"])
    return {**{name: shapes(params[name]) for name in ("mapping", "constant", "blocks")}, "averages": shapes(averages),
            "first values": first["params"], "draws": shapes(draws), "images": images,
            "images in evaluation": stylegan2.generate(params, draws["z"], config, averages, truncation=0.5),
            "gradient": stylegan2.backward(images, cache)[1]}


def quantizer_facts(config):
    """First values, and what a step makes at a codebook that its shape alone decides."""
    first = models.first_values(np.random.default_rng(0), config)
    network = {kind: {**leaves, **filled({name: leaves[name] for name in leaves if name == "codebook"})}
               for kind, leaves in first.items()}
    z, dq, dcodes = np.random.default_rng(0).standard_normal((3, 4, 6, config.width))
    q, cache = quantizer.forward(network["params"], z, config, network["averages"])
    draws = quantizer.draw(np.random.default_rng(0), 4, 6, config)
    met = quantizer.met(cache, draws.get("offers"))
    return {"first values": first, "codes": q, "gradient": list(quantizer.backward(dq, cache, dcodes)),
            "averages": quantizer.update_averages(network["averages"], met, config), "offers": draws}


def step_of(preset):
    """The gradients of a step at such weights."""
    training = steps.create(0, preset)
    for leaves in (steps.trees(training)["generator"]["params"], steps.trees(training)["discriminator"]):
        tree.map(tree.copy_into, leaves, filled(leaves))
    real = np.random.default_rng(1).standard_normal((4, preset.size, preset.size, 3))
    return steps.gradients(training, real, steps.draw(np.random.default_rng(2), preset), preset)[0]


@pytest.mark.parametrize("field, value, other, expected", GENERATOR, ids=[row[0] for row in GENERATOR])
def test_a_setting_of_the_generator_changes_what_it_is_for(field, value, other, expected):
    one, two = (generator_facts(replace(BASE, **{field: setting})) for setting in (value, other))
    assert changes(one, two) == expected


@pytest.mark.parametrize("field, value, other, expected", DISCRIMINATOR, ids=[row[0] for row in DISCRIMINATOR])
def test_a_setting_of_the_discriminator_changes_what_it_is_for(field, value, other, expected):
    one, two = (discriminator_facts(replace(TINY.discriminator, **{field: setting})) for setting in (value, other))
    assert changes(one, two) == expected


@pytest.mark.parametrize("field, value, other, expected", ENCODER, ids=[row[0] for row in ENCODER])
def test_a_setting_of_the_encoder_changes_what_it_is_for(field, value, other, expected):
    one, two = (encoder_facts(replace(SMALL_ENCODER, **{field: setting})) for setting in (value, other))
    assert changes(one, two) == expected


@pytest.mark.parametrize("field, value, other, expected", DECODER, ids=[row[0] for row in DECODER])
def test_a_setting_of_the_convolutional_decoder_changes_what_it_is_for(field, value, other, expected):
    one, two = (decoder_facts(replace(SMALL_DECODER, **{field: setting})) for setting in (value, other))
    assert changes(one, two) == expected


@pytest.mark.parametrize("field, value, other, expected", STYLEGAN2, ids=[row[0] for row in STYLEGAN2])
def test_a_setting_of_stylegan2_changes_what_it_is_for(field, value, other, expected):
    one, two = (stylegan2_facts(replace(SMALL_STYLEGAN2, **{field: setting})) for setting in (value, other))
    assert changes(one, two) == expected


@pytest.mark.parametrize("field, value, other, expected", QUANTIZER, ids=[row[0] for row in QUANTIZER])
def test_a_setting_of_the_quantizer_changes_what_it_is_for(field, value, other, expected):
    one, two = (quantizer_facts(replace(CODEBOOK, **{field: setting})) for setting in (value, other))
    assert changes(one, two) == expected
