"""What a new network begins with."""

import numpy as np
import pytest
from support.helpers import assert_same
from support.runs import TINY, TINY_CNN, TINY_VQVAE

from minihit import models, tree
from minihit.gradcheck.networks import STYLEGAN2
from minihit.models.quantizer.config import QuantizerConfig

CONFIGS = {"hit": TINY.generator, "discriminator": TINY.discriminator, "encoder": TINY_VQVAE.encoder,
           "convolutional_decoder": TINY_CNN, "quantizer": QuantizerConfig(codes=5, width=3), "stylegan2": STYLEGAN2}
every_network = pytest.mark.parametrize("config", CONFIGS.values(), ids=CONFIGS.keys())


def test_every_network_is_here():
    assert models.KINDS.keys() == CONFIGS.keys()
    assert all(config.kind == kind for kind, config in CONFIGS.items())


@every_network
def test_one_seed_gives_one_start(config):
    one, other = (models.first_values(np.random.default_rng(3), config) for _ in range(2))
    assert_same(one, other)


@every_network
def test_parameters_are_drawn_first_and_averages_behind_them(config):
    """So the averages of a network, drawn or not, change nothing of its parameters."""
    rng = np.random.default_rng(3)
    params = models.of(config).init(rng, config)
    averages = models.of(config).init_averages(config, rng)
    assert_same(models.first_values(np.random.default_rng(3), config), {"params": params, "averages": averages})


@pytest.mark.parametrize("kind", sorted(CONFIGS.keys() - {"quantizer"}))
def test_averages_of_statistics_are_not_drawn(kind):
    rng = np.random.default_rng(3)
    averages = models.of(CONFIGS[kind]).init_averages(CONFIGS[kind], rng)
    assert_same(averages, models.of(CONFIGS[kind]).init_averages(CONFIGS[kind]))
    assert rng.random() == np.random.default_rng(3).random()


@every_network
def test_without_a_generator_shapes_and_dtypes_are_the_same(config):
    blank, drawn = models.first_values(None, config), models.first_values(np.random.default_rng(3), config)
    assert ({path: (leaf.shape, leaf.dtype) for path, leaf in tree.items(blank)}
            == {path: (leaf.shape, leaf.dtype) for path, leaf in tree.items(drawn)})
