from dataclasses import replace

import pytest
from PIL import Image

from minihit import tree
from minihit.data.prepare.layouts import recognise
from minihit.data.prepare.sources import open_source
from minihit.errors import UserError
from minihit.models import discriminator
from minihit.models.discriminator.config import DiscriminatorConfig, stylegan2_channels
from minihit.models.hit import generator
from minihit.objectives.gan_recipe import GanRecipe
from minihit.optim import EMA_START
from minihit.presets.gan import PRESETS
from minihit.training.run.config import RunConfig

# parameters of generator and discriminator; those of the hit- presets are the official code's
COUNTS = {
    "faces-32": (863_347, 700_441),
    "faces-64": (1_557_651, 1_013_145),
    "celeba-64": (7_841_827, 4_726_849),
    "celeba-128": (13_961_699, 5_972_545),
    "hit-128": (32_866_627, 23_880_833),
    "hit-256": (46_217_670, 28_862_593),
    "hit-256-ffhq": (46_217_670, 28_862_593),
    "hit-256-large": (97_462_214, 28_862_593),
    "hit-1024": (88_216_300, 29_008_673),
    "hit-1024-ffhq": (88_216_300, 29_008_673),
}
# HiT's recipes (Zhao et al. 2021): the commands under "Train on ImageNet", "Train on CelebA-HQ" and "Train on FFHQ" in
# the README of google-research/hit-gan at 06d310c, with the defaults of its run.py. None is for 1024 x 1024, where
# the preset has what those for 256 x 256 say. crop: --image_crop_proportion, the share of the shorter side, anywhere;
# m: --channel_multiplier of the discriminator; EMA: its decay, and the step whose weights it begins with; group: images
# that batch norm takes its statistics from, as 256 are spread over the 32 cores of a TPUv2 4x4
RECIPES = """
    preset         data       side  crop   flip  z    m  batch  rate  beta1  beta2  loss            R1  bCR  EMA    from  steps    group
    hit-128        ImageNet   128   0.875  yes   256  1  256    1e-4  0      0.99   non_saturating  10  0    0.999  10    1000000  8
    hit-256        CelebA-HQ  256   1      yes   512  2  256    5e-5  0      0.99   non_saturating  10  10   0.999  10    250000   8
    hit-256-ffhq   FFHQ       256   1      yes   512  2  256    5e-5  0      0.99   non_saturating  10  10   0.999  10    500000   8
    hit-256-large  FFHQ       256   1      yes   512  2  256    5e-5  0      0.99   non_saturating  10  10   0.999  10    500000   8
    hit-1024       CelebA-HQ  1024  1      yes   512  2  256    5e-5  0      0.99   non_saturating  10  10   0.999  10    250000   8
    hit-1024-ffhq  FFHQ       1024  1      yes   512  2  256    5e-5  0      0.99   non_saturating  10  10   0.999  10    500000   8
"""  # noqa: E501
PICTURES = {"ImageNet": 1_281_167, "CelebA-HQ": 30_000, "FFHQ": 70_000}
LAYOUTS = {"ImageNet": "train/n01440764/n01440764_18.JPEG", "CelebA-HQ": "CelebA-HQ-img/0.jpg",
           "FFHQ": "images1024x1024/00000/00000.png"}
HEAD, *ROWS = [line.split() for line in RECIPES.strip().splitlines()]


def test_every_recipe_of_the_paper_has_a_row():
    assert [row[0] for row in ROWS] == [name for name in PRESETS if name.startswith("hit-")]


@pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])
def test_a_recipe_is_the_papers(row, tmp_path):
    said = dict(zip(HEAD, row, strict=True))
    preset, margin = PRESETS[said["preset"]], _margin(tmp_path, LAYOUTS[said["data"]])
    recipe = preset.recipe.for_pictures(PICTURES[said["data"]])
    assert preset.discriminator == DiscriminatorConfig(stylegan2_channels(int(said["side"]), int(said["m"])))
    assert (preset.generator.norm, preset.generator.multi_query) == ("batch", True)
    assert (preset.size, preset.generator.latent) == (int(said["side"]), int(said["z"]))
    assert (margin, RunConfig(preset).flip) == (float(said["crop"]), said["flip"] == "yes")
    assert int(said["from"]) == EMA_START
    rate = float(said["rate"])
    assert recipe == GanRecipe(
        batch=int(said["batch"]), steps=int(said["steps"]), decay_from=1.0, beta1=float(said["beta1"]),
        beta2=float(said["beta2"]), clip=0.0, ema_decay=float(said["EMA"]), micro_batch=int(said["group"]),
        generator_rate=rate, discriminator_rate=rate, loss=said["loss"], r1=float(said["R1"]), wgan_gp=0.0,
        consistency=float(said["bCR"]), augment=())


def _margin(folder, picture):
    """The share of the side that random crops take in training, of a source with one picture of that name."""
    path = folder / picture
    path.parent.mkdir(parents=True)
    Image.new("RGB", (8, 8)).save(path)
    with open_source(folder) as source:
        return recognise(source).margin


def test_every_preset_is_counted():
    assert COUNTS.keys() == PRESETS.keys()


@pytest.mark.parametrize("name", COUNTS)
def test_parameters(name):
    preset = PRESETS[name]
    networks = generator.init(None, preset.generator), discriminator.init(None, preset.discriminator)
    assert tuple(tree.size(params) for params in networks) == COUNTS[name]


@pytest.mark.parametrize("name, size", [("faces-32", 32), ("faces-64", 64), ("celeba-64", 64), ("celeba-128", 128),
                                        ("hit-128", 128), ("hit-256", 256), ("hit-256-ffhq", 256),
                                        ("hit-256-large", 256), ("hit-1024", 1024), ("hit-1024-ffhq", 1024)])
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
