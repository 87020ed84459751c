"""Every contradiction is refused with a sentence that names what is wrong and what would work."""

from dataclasses import FrozenInstanceError

import pytest

from minihit.errors import UserError
from minihit.models.autoencoder.config import ConvolutionalDecoderConfig, EncoderConfig

SMALL = {EncoderConfig: {"size": 16, "channels": (4, 8), "out": 3},
         ConvolutionalDecoderConfig: {"size": 16, "channels": (8, 4), "latent": 3}}
both = pytest.mark.parametrize("config", SMALL)

REFUSALS = [
    *(({"channels": channels},
       "channels need a number, at least 1, for each halving of the image's sides: give one or more")
      for channels in [(), (8, 0), (-1, 8)]),
    ({"channels": (8, 2**16 + 1)}, "channels is 65537: it must be at most 65,536"),
    ({"size": 0}, "size is 0: it must be at least 1"),
    ({"size": 2**16 + 4}, "size is 65540: it must be at most 65,536"),
    ({"size": 18}, "an image of side 18 cannot be halved 2 times, once for each of channels: choose a size that 2^2 "
                   "divides, or fewer channels"),
    ({"size": 2}, "an image of side 2 cannot be halved 2 times, once for each of channels: choose a size that 2^2 "
                  "divides, or fewer channels"),
    ({"size": 12, "channels": (8, 8, 8)},
     "an image of side 12 cannot be halved 3 times, once for each of channels: choose a size that 2^3 divides, or "
     "fewer channels"),
    ({"blocks": -1}, "blocks is -1: choose 0 or more"),
    ({"blocks": 1001}, "blocks is 1001: it must be at most 1,000"),
]


def sentence_of(config, change):
    with pytest.raises(UserError) as refusal:
        config(**{**SMALL[config], **change})
    return str(refusal.value)


@both
@pytest.mark.parametrize("change, sentence", REFUSALS)
def test_maps_that_cannot_be_are_refused(config, change, sentence):
    assert sentence_of(config, change) == sentence


@pytest.mark.parametrize("config, name", [(EncoderConfig, "out"), (ConvolutionalDecoderConfig, "latent")])
def test_the_numbers_are_at_least_one_and_not_too_many(config, name):
    assert sentence_of(config, {name: 0}) == f"{name} is 0: it must be at least 1"
    assert sentence_of(config, {name: 2**16 + 1}) == f"{name} is 65537: it must be at most 65,536"


@pytest.mark.parametrize("config, channels", [(EncoderConfig, (8, 8, 3)), (ConvolutionalDecoderConfig, (3, 8, 8))])
def test_residual_blocks_need_four_channels_on_the_smallest_map(config, channels):
    assert sentence_of(config, {"channels": channels, "blocks": 1}) == (
        "residual blocks are a quarter as wide inside as the smallest map, which has 3 channels: give it at least 4, "
        "or choose blocks 0")
    config(**{**SMALL[config], "channels": channels, "blocks": 0})
    config(**{**SMALL[config], "channels": channels[::-1], "blocks": 1})


@both
@pytest.mark.parametrize("change", [
    {"size": 4}, {"size": 2**16}, {"size": 12}, {"channels": (1,), "blocks": 0}, {"channels": (2**16, 2**16)},
    {"blocks": 0}, {"blocks": 1000}, {"spatial": False},
])
def test_what_is_possible_is_accepted(config, change):
    config(**{**SMALL[config], **change})


def test_the_sides_of_the_smallest_maps_follow():
    assert EncoderConfig(size=96, channels=(4, 4, 4), out=1).side == 12
    assert ConvolutionalDecoderConfig(size=96, channels=(4, 4), latent=1).start == 24


def test_two_residual_blocks_and_a_grid_where_nothing_else_is_said():
    for config, options in SMALL.items():
        made = config(**options)
        assert (made.blocks, made.spatial) == (2, True)
    assert (EncoderConfig.kind, ConvolutionalDecoderConfig.kind) == ("encoder", "convolutional_decoder")


@both
def test_configs_are_frozen_and_compare_by_value(config):
    made = config(**SMALL[config])
    assert made == config(**SMALL[config]) and hash(made) == hash(config(**SMALL[config]))
    with pytest.raises(FrozenInstanceError):
        made.size = 32
