from dataclasses import replace

import pytest

from minihit import tree
from minihit.errors import UserError
from minihit.models import discriminator, generator
from minihit.models.config import DiscriminatorConfig
from minihit.presets import PRESETS

# parameters of generator and discriminator; those of the hit- presets are the official code's
COUNTS = {
    "faces-32": (863_347, 700_441),
    "celeba-64": (7_841_827, 4_726_849),
    "celeba-128": (13_961_699, 5_972_545),
    "hit-128": (32_866_627, 23_880_833),
    "hit-256": (46_217_670, 28_862_593),
    "hit-256-large": (97_462_214, 28_862_593),
    "hit-1024": (88_216_300, 29_008_673),
}


def test_every_preset_is_counted():
    assert COUNTS.keys() == PRESETS.keys()


@pytest.mark.parametrize("name", COUNTS)
def test_parameters(name):
    preset = PRESETS[name]
    networks = generator.init(None, preset.generator), discriminator.init(None, preset.discriminator)
    assert tuple(tree.size(params) for params in networks) == COUNTS[name]


@pytest.mark.parametrize("name, size", [("faces-32", 32), ("celeba-64", 64), ("celeba-128", 128), ("hit-128", 128),
                                        ("hit-256", 256), ("hit-256-large", 256), ("hit-1024", 1024)])
def test_sizes(name, size):
    assert PRESETS[name].generator.size == PRESETS[name].discriminator.size == size


def test_networks_of_different_sizes_are_refused():
    with pytest.raises(UserError, match=r"images of side 32, the discriminator reads side 16: .* 4 numbers"):
        replace(PRESETS["faces-32"], discriminator=DiscriminatorConfig((4, 4, 4)))


@pytest.mark.parametrize("batch, micro_batch, works", [
    (16, 0, True), (16, 8, True), (3, 0, True), (8, 3, True), (18, 8, True),
    (6, 0, False), (16, 6, False), (22, 16, False),
])
def test_minibatch_stddev_needs_whole_groups(batch, micro_batch, works):
    preset = PRESETS["faces-32"]
    changes = {"discriminator": replace(preset.discriminator, minibatch_stddev=True),
               "recipe": replace(preset.recipe, batch=batch, micro_batch=micro_batch)}
    if works:
        replace(preset, **changes)
    else:
        with pytest.raises(UserError, match="multiples of 4"):
            replace(preset, **changes)
