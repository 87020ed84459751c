"""Every contradiction is refused with a sentence that names what is wrong and what would work."""

from dataclasses import FrozenInstanceError, replace

import pytest

from minihit.errors import UserError
from minihit.models.discriminator.config import DiscriminatorConfig, stylegan2_channels
from minihit.models.hit.config import GeneratorConfig, Stage

SMALL = {"latent": 8, "channels": (8, 8), "layers": (1, 1), "heads": (2, 2), "windows": (4, None)}

GENERATOR_REFUSALS = [
    ({"heads": (2,)}, "heads has 1 entries and channels 2: give one per stage"),
    ({"layers": (1, 1, 1)}, "layers has 3 entries and channels 2: give one per stage"),
    ({"windows": ()}, "windows has 0 entries and channels 2: give one per stage"),
    ({"attention": "local"},
     "attention 'local' is unknown: choose one of multi_axis, block, grid, axial, full, none"),
    ({"norm": "group"}, "norm 'group' is unknown: choose one of batch, layer"),
    ({"latent": 0}, "latent is 0: it must be at least 1"),
    ({"tokens": -1}, "tokens is -1: it must be at least 1"),
    ({"start": 12}, "start is 12: choose one of 4, 8, 16, 32, 64"),
    ({"start": 128}, "start is 128: choose one of 4, 8, 16, 32, 64"),
    ({"spatial": True, "tokens": 32},
     "tokens is 32: a grid of 8 x 8 is averaged down to 1, 4, 16, 64 positions: choose one of these"),
    ({"spatial": True, "start": 4, "tokens": 64},
     "tokens is 64: a grid of 4 x 4 is averaged down to 1, 4, 16 positions: choose one of these"),
    ({"start": 4, "windows": (8, None)},
     "stage 0: windows of side 8 do not tile a 4 x 4 map: choose a side from [1, 2, 4], or none"),
    ({"heads": (3, 2)}, "stage 0: 8 channels do not divide among 3 heads: choose heads from [1, 2, 4, 8]"),
    ({"heads": (2, 0)}, "stage 1: 8 channels do not divide among 0 heads: choose heads from [1, 2, 4, 8]"),
    ({"channels": (6, 8)}, "stage 0: 6 channels cannot be pixel-shuffled: choose a multiple of 4"),
    ({"layers": (1, -1)}, "stage 1: layers is -1: choose 0 or more"),
    ({"windows": (3, None)},
     "stage 0: windows of side 3 do not tile a 8 x 8 map: choose a side from [1, 2, 4, 8], or none"),
    ({"windows": (4, 0)},
     "stage 1: windows of side 0 do not tile a 16 x 16 map: choose a side from [1, 2, 4, 8, 16], or none"),
    ({"heads": (1, 2)},
     "stage 0: multi_axis attention gives half the heads to each axis and there are 1: choose an even number that "
     "divides 8, or attention block or grid"),
    ({"heads": (1, 2), "attention": "axial"},
     "stage 0: axial attention gives half the heads to each axis and there are 1: choose an even number that "
     "divides 8, or attention block or grid"),
]

DISCRIMINATOR_REFUSALS = [
    ({"channels": (8, 8), "downsample": "max"}, "downsample 'max' is unknown: choose one of blur, average"),
    *(({"channels": channels},
       "a discriminator needs a number of channels, at least 1, for each side from the image's down to 4")
      for channels in [(), (8,), (8, 0)]),
]


def sentence_of(config, options):
    with pytest.raises(UserError) as refusal:
        config(**options)
    return str(refusal.value)


@pytest.mark.parametrize("change, sentence", GENERATOR_REFUSALS)
def test_a_contradictory_generator_is_refused(change, sentence):
    assert sentence_of(GeneratorConfig, {**SMALL, **change}) == sentence


@pytest.mark.parametrize("options, sentence", DISCRIMINATOR_REFUSALS)
def test_a_contradictory_discriminator_is_refused(options, sentence):
    assert sentence_of(DiscriminatorConfig, options) == sentence


@pytest.mark.parametrize("change", [
    {"heads": (1, 1), "attention": "block"}, {"heads": (1, 2), "windows": (None, None)},
    {"windows": (3, 5), "attention": "none"}, {"windows": (3, 5), "attention": "full"}, {"channels": (8, 6)},
    {"layers": (0, 0)}, {"tokens": 3}, {"spatial": True, "tokens": 3, "cross_attention": False},
    *({"spatial": True, "tokens": tokens} for tokens in (1, 4, 16, 64)),
    *({"spatial": True, "start": start} for start in (4, 8, 16, 32, 64)),
])
def test_what_is_possible_is_accepted(change):
    assert len(GeneratorConfig(**{**SMALL, **change}).stages) == 2


@pytest.mark.parametrize("attention, window, axes", [
    ("multi_axis", (4, 4), ("block", "grid")), ("block", (4, 4), ("block",)), ("grid", (4, 4), ("grid",)),
    ("axial", (1, 8), ("block", "grid")), ("full", (8, 8), ("block",)),
])
def test_kinds_of_attention_are_windows_and_axes(attention, window, axes):
    stage = GeneratorConfig(**SMALL, attention=attention).stages[0]
    assert (stage.window, stage.axes) == (window, axes)


def test_stages_follow_from_the_config():
    config = GeneratorConfig(**SMALL)
    assert config.size == 16
    both = {"channels": 8, "heads": 2, "layers": 1, "axes": ("block", "grid")}
    assert config.stages == (
        Stage(index=0, side=8, next_channels=8, window=(4, 4), rgb=False, **both),
        Stage(index=1, side=16, next_channels=None, window=None, rgb=True, **both),
    )


@pytest.mark.parametrize("start, size, windows", [(4, 8, (4, 4)), (16, 32, (16, 16)), (64, 128, (64, 64))])
def test_sides_and_size_follow_from_the_first_map(start, size, windows):
    config = GeneratorConfig(**SMALL, start=start)
    assert config.size == size and [stage.side for stage in config.stages] == [start, 2 * start]
    assert replace(config, attention="full").stages[0].window == windows


@pytest.mark.parametrize("change, shape", [({}, (8,)), ({"start": 16}, (8,)), ({"spatial": True}, (8, 8, 8)),
                                           ({"spatial": True, "start": 16, "latent": 3}, (16, 16, 3))])
def test_a_latent_is_a_vector_or_a_grid_of_the_first_maps_side(change, shape):
    assert GeneratorConfig(**{**SMALL, **change}).z_shape == shape


def test_the_last_stage_makes_an_image_whatever_its_windows():
    assert [stage.rgb for stage in GeneratorConfig(**{**SMALL, "windows": (4, 4)}).stages] == [False, True]


def test_without_attention_windowed_stages_still_make_no_image():
    config = GeneratorConfig(**SMALL, attention="none")
    assert [(stage.window, stage.rgb) for stage in config.stages] == [(None, False), (None, True)]


def test_configs_are_frozen_and_compare_by_value():
    config = GeneratorConfig(**SMALL)
    assert config == GeneratorConfig(**SMALL) and hash(config) == hash(GeneratorConfig(**SMALL))
    with pytest.raises(FrozenInstanceError):
        config.latent = 4


@pytest.mark.parametrize("size, multiplier, expected", [
    (32, 1, (512, 512, 512, 512)), (128, 1, (128, 256, 512, 512, 512, 512)),
    (256, 2, (128, 256, 512, 512, 512, 512, 512)), (1024, 2, (32, 64, 128, 256, 512, 512, 512, 512, 512)),
])
def test_official_channels(size, multiplier, expected):
    assert stylegan2_channels(size, multiplier) == expected
    assert DiscriminatorConfig(expected).size == size
