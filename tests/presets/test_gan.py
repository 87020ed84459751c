from dataclasses import replace

import pytest

from minihit import tree
from minihit.errors import UserError
from minihit.models import discriminator
from minihit.models.discriminator.config import DiscriminatorConfig
from minihit.models.hit import generator
from minihit.objectives.gan_recipe import GanRecipe
from minihit.presets.gan import PRESETS

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


@pytest.mark.parametrize("name", ["celeba-64", "celeba-128"])
def test_the_recipes_for_one_gpu_follow_their_rule(name):
    """R1's cost from HiT's 10 at 256 x 256 and 256 images, in proportion to pixels, inversely to images."""
    preset, hit = PRESETS[name], PRESETS["hit-256"].recipe
    recipe = preset.recipe
    assert recipe.r1 == hit.r1 * (preset.generator.size / 256) ** 2 * (hit.batch / recipe.batch)
    assert (recipe.consistency, recipe.ema_decay) == (hit.consistency, hit.ema_decay)
    assert recipe.decay(1) == 1.0 and recipe.decay(recipe.steps) < 1e-4
    assert recipe.batch % recipe.micro_batch == 0


def test_the_recipe_behind_the_pictures_of_the_readme_stays():
    assert PRESETS["faces-32"].recipe.for_pictures(None) == GanRecipe(
        batch=32, steps=2_000, generator_rate=1e-3, discriminator_rate=1e-3, decay_from=0.5, beta1=0.0, beta2=0.99,
        loss="non_saturating", r1=0.3, wgan_gp=0.0, consistency=0.0, augment=(), clip=0.0, ema_decay=0.99,
        micro_batch=16)


def test_networks_of_different_sizes_are_refused():
    with pytest.raises(UserError, match=r"images of side 32, the discriminator reads side 16: .* 4 numbers"):
        replace(PRESETS["faces-32"], discriminator=DiscriminatorConfig((4, 4, 4)))


@pytest.mark.parametrize("batch, micro_batch, works", [
    (16, 0, True), (16, 8, True), (3, 0, True), (8, 3, True), (18, 8, True),
    (4, 0, True), (5, 0, False), (6, 0, False), (16, 6, False), (22, 16, False), (13, 8, False),
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


def test_a_discriminator_that_compares_nothing_takes_any_batch():
    preset = PRESETS["faces-32"]
    assert replace(preset, recipe=replace(preset.recipe, batch=6, micro_batch=0)).recipe.batch == 6
