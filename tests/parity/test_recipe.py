"""The recipe rebuilds the official weights, and our trees have a leaf for each of them and no other."""

from math import prod

import numpy as np
import pytest
from parity import official, recipe

from minihit.models import discriminator
from minihit.models.hit import generator

NETWORKS = [*recipe.GENERATORS, *recipe.DISCRIMINATORS]
HEAVY = {"g256", "g1024", "d256"}


def leaves_and_shapes(tag):
    """Our leaves by official name, and the official shapes."""
    rng = np.random.default_rng(0)
    if tag in recipe.GENERATORS:
        config, shapes = official.generator_config(tag)
        trees = generator.init(rng, config), generator.init_averages(config)
    else:
        config, shapes = official.discriminator_config(tag)
        trees = (discriminator.init(rng, config),)
    return {name: leaf for leaves in trees for name, leaf in official.named(leaves, config).items()}, shapes


@pytest.mark.parametrize("key", ["g128.infer.z", "g128/stage0.cross.attn.query.kernel", "d128/stem.kernel"])
def test_random_numbers(key):
    np.testing.assert_array_equal(recipe.raw(key, (8,)), official.stored()[f"rng/{key}"])


@pytest.mark.parametrize("tag, shapes", [
    ("g128", recipe.generator_shapes(**recipe.GENERATORS["g128"])),
    ("d128", recipe.discriminator_shapes((128, 256, 512, 512, 512, 512))),
])
def test_names_and_shapes_are_the_official_ones(tag, shapes):
    assert [[name, list(shape)] for name, shape in shapes.items()] == official.stored_json("names")[tag]


@pytest.mark.parametrize("tag", [pytest.param(tag, marks=pytest.mark.slow if tag in HEAVY else []) for tag in NETWORKS])
def test_every_official_array_has_its_leaf(tag):
    leaves, shapes = leaves_and_shapes(tag)
    assert {name: leaf.size for name, leaf in leaves.items()} == {name: prod(shape) for name, shape in shapes.items()}


def test_leaves_hold_the_official_values_in_their_order():
    _, params = official.discriminator("d128eq", np.float64)
    kernel = recipe.weight("d128eq", "final.dense.kernel", (8192, 512), equalized=True)
    np.testing.assert_array_equal(params["dense"]["weight"], kernel.reshape(4, 4, 512, 512))
