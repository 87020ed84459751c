"""Every field that cannot be is refused with a sentence that names what is wrong and what would work."""

from dataclasses import FrozenInstanceError

import pytest

from minihit.errors import UserError
from minihit.models.discriminator.config import stylegan2_channels
from minihit.models.stylegan2.config import StyleGAN2Config, halved_channels

SMALL = {"latent": 4, "width": 5, "channels": (6, 4, 3), "mapping": 2}
REFUSALS = [
    *(({"channels": channels},
       "channels need a number, at least 1, for each side from 4 to the image's: give one or more")
      for channels in [(), (8, 0), (-1, 8)]),
    *(({name: number}, f"{name} is {number}: it must be at least 1")
      for name in ("latent", "width", "mapping") for number in (0, -2)),
    *(({name: 2**16 + 1}, f"{name} is 65537: it must be at most 65,536") for name in ("latent", "width")),
    ({"channels": (8, 2**16 + 1)}, "channels is 65537: it must be at most 65,536"),
    ({"mapping": 1001}, "mapping is 1001: it must be at most 1,000"),
    *(({"mapping_rate": rate}, f"mapping_rate is {rate}: it must be more than 0 and at most 1")
      for rate in (0.0, -0.01, 1.0005, float("nan"))),
]


@pytest.mark.parametrize("change, sentence", REFUSALS)
def test_what_cannot_be_is_refused(change, sentence):
    with pytest.raises(UserError) as refusal:
        StyleGAN2Config(**{**SMALL, **change})
    assert str(refusal.value) == sentence


@pytest.mark.parametrize("change", [
    {"channels": (1,)}, {"channels": (2**16, 2**16)}, {"latent": 1, "width": 1, "mapping": 1},
    {"latent": 2**16, "width": 2**16, "mapping": 1000}, {"mapping_rate": 1.0}, {"mapping_rate": 1e-4},
])
def test_what_is_possible_is_accepted(change):
    StyleGAN2Config(**{**SMALL, **change})


@pytest.mark.parametrize("channels, sides, noise_sides", [
    ((6,), (4,), (4,)), ((6, 4), (4, 8), (4, 8, 8)), ((6, 4, 3), (4, 8, 16), (4, 8, 8, 16, 16))])
def test_sides_follow_from_the_channels(channels, sides, noise_sides):
    config = StyleGAN2Config(**{**SMALL, "channels": channels})
    assert (config.sides, config.noise_sides, config.size) == (sides, noise_sides, sides[-1])


def test_a_latent_is_a_vector_and_the_papers_mapping_holds_where_nothing_else_is_said():
    config = StyleGAN2Config(latent=4, width=5, channels=(6,))
    assert config.z_shape == (4,)
    assert (config.mapping, config.mapping_rate, config.kind) == (8, 0.01, "stylegan2")


@pytest.mark.parametrize("size", [32, 64, 128, 256, 512, 1024])
def test_official_channels_are_those_of_the_discriminator_turned_around(size):
    assert halved_channels(size) == stylegan2_channels(size, 2)[::-1]
    assert halved_channels(size, base=16384) == stylegan2_channels(size, 1)[::-1]


@pytest.mark.parametrize("options, expected", [
    ((4,), (512,)), ((1024,), (512, 512, 512, 512, 512, 256, 128, 64, 32)), ((32, 4096, 128), (128,) * 4),
    ((64, 8192, 256), (256, 256, 256, 256, 128)), ((16, 64, 8), (8, 8, 4))])
def test_channels_are_halved_where_sides_double(options, expected):
    assert halved_channels(*options) == expected


def test_configs_are_frozen_and_compare_by_value():
    config = StyleGAN2Config(**SMALL)
    assert config == StyleGAN2Config(**SMALL) and hash(config) == hash(StyleGAN2Config(**SMALL))
    with pytest.raises(FrozenInstanceError):
        config.latent = 5
