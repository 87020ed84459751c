"""The official numbers, our trees filled with the recipe's weights, and the official name of each of our leaves.

    config, params, state = official.generator("g128mh", np.float64)
    config, params = official.discriminator("d128eq", np.float32)
    official.named(grads, config)                                          # {official name: array in our shape}
    official.error("f64", "g128.infer/images", images)                     # relative to the largest value
"""

import json
import re
from functools import cache
from pathlib import Path

import numpy as np
from parity import recipe

from minihit import tree
from minihit.models import discriminator as our_discriminator
from minihit.models.discriminator.config import DiscriminatorConfig, stylegan2_channels
from minihit.models.hit import generator as our_generator
from minihit.models.hit.config import GeneratorConfig

DTYPES = {"f64": np.float64, "f32": np.float32}

# Turn stages/0/cross_attention/query/weight into stage0.cross.attn.query.kernel, from top to bottom
GENERATOR_NAMES = [
    (r"^start/", "to_grid."), (r"^tokens/linear/", "to_tokens."), (r"^tokens/", "tokens."),
    (r"^stages/(\d+)/", r"stage\1."), (r"blocks/(\d+)/", r"block\1."), (r"cross_", "cross."), (r"attention/", "attn."),
    (r"to_rgb/linear/", "rgb."), (r"to_rgb/", "rgb."), (r"widen/", "up."), (r"expand/", "fc1."), (r"contract/", "fc2."),
    (r"norm/scale$", "norm.gamma"), (r"norm/bias$", "norm.beta"), (r"norm/mean$", "norm.moving_mean"),
    (r"norm/variance$", "norm.moving_variance"), (r"weight$", "kernel"), (r"position$", "pos"), (r"/", "."),
]
DISCRIMINATOR_NAMES = [
    (r"^blocks/(\d+)/", r"down\1."), (r"^(conv|dense|logit)/", r"final.\1."), (r"weight$", "kernel"), (r"/", "."),
]


def generator_config(tag):
    """(our config, official shapes by name)."""
    options = recipe.GENERATORS[tag]
    return GeneratorConfig(**options), recipe.generator_shapes(**options)


def discriminator_config(tag):
    options = dict(recipe.DISCRIMINATORS[tag])
    channels = stylegan2_channels(options.pop("size"), options.pop("multiplier"))
    config = DiscriminatorConfig(channels, **options)
    return config, recipe.discriminator_shapes(channels, config.minibatch_stddev)


def generator(tag, dtype):
    """(config, params, state) with the recipe's weights."""
    config, shapes = generator_config(tag)
    trees = our_generator.init(np.random.default_rng(0), config), our_generator.init_averages(config)
    return config, *(filled(leaves, config, tag, shapes, dtype) for leaves in trees)


def discriminator(tag, dtype):
    """(config, params) with the recipe's weights."""
    config, shapes = discriminator_config(tag)
    params = our_discriminator.init(np.random.default_rng(0), config)
    return config, filled(params, config, tag, shapes, dtype, config.equalized)


def filled(leaves, config, tag, shapes, dtype, equalized=False):
    """A tree with the keys and shapes of leaves and the recipe's values."""
    names = iter(named(leaves, config))

    def values(leaf):
        name = next(names)
        return recipe.weight(tag, name, shapes[name], equalized).reshape(leaf.shape).astype(dtype)

    return tree.map(values, leaves)


def named(leaves, config):
    """{official name: leaf}; a leaf holds the official values in the official order, in the shape that we give it."""
    return {official_name(path, config): leaf for path, leaf in tree.items(leaves)}


def official_name(path, config):
    if isinstance(config, GeneratorConfig):
        stage = re.match(r"stages/(\d+)/blocks/", path)
        if stage and config.windows[int(stage[1])] is None:               # our block is the MLP itself
            path = re.sub(r"(blocks/\d+)/", r"\1/mlp/", path)
        rules = GENERATOR_NAMES
    else:
        rules = DISCRIMINATOR_NAMES
    for pattern, replacement in rules:
        path = re.sub(pattern, replacement, path)
    return path


@cache
def stored():
    with np.load(Path(__file__).parent / "official.npz") as arrays:
        return dict(arrays)


@cache
def stored_json(name):
    return json.loads(str(stored()[name]))


def keys(prefix):
    return [key for key in stored_json("index") if key.startswith(prefix)]


def errors(mode, key, x):
    """|x - official| over the largest official value: everywhere, or at the samples and for the statistics."""
    if f"{mode}/{key}" in stored():
        expected, actual = stored()[f"{mode}/{key}"].astype(np.float64), np.asarray(x, np.float64)
        assert actual.shape == expected.shape
        return np.abs(actual - expected) / np.abs(expected).max()
    expected, index = stored()[f"{mode}/{key}~"].astype(np.float64), stored_json("index")[key]
    assert list(x.shape) == index["shape"]
    difference = np.abs(recipe.sketch(x, index["k"]) - expected) / expected[3]
    return np.delete(difference, (2, 3))                                  # the norm and the maximum are on other scales


def error(mode, key, x):
    return errors(mode, key, x).max()
