"""Both networks of ImageNet 128, at full size, against the official code."""

from functools import cache
from unittest import mock

import numpy as np
import pytest
from parity import official, recipe

from minihit.models import discriminator
from minihit.models.hit import generator, stage

# float64: exact constants against those that TensorFlow rounds to float32; float32: the noise of two float32 runs
TOLERANCE = {"f64": 1e-7, "f32": 5e-6}
MODES = list(official.DTYPES)


@cache
def generator_errors(mode):
    """{key: error} of g128 in evaluation, the maps at the start and the end of each stage recorded on the way."""
    dtype = official.DTYPES[mode]
    config, params, state = official.generator("g128", dtype)
    z, found = recipe.latent("g128.infer.z", 2, config.latent).astype(dtype), {}
    forward, blocks_forward = stage.forward, stage._blocks_forward

    def record(key, value):
        found[f"g128.infer/{key}"] = official.error(mode, f"g128.infer/{key}", value)

    def recorded_forward(params, x, tokens, image, plan, *args):
        record("tokens", tokens[:, None])
        record(f"stage{plan.index}.in", x + params["position"])
        x, image, _ = forward(params, x, tokens, image, plan, *args)
        return x, image, {}                                               # what backward would need fills the memory

    def recorded_blocks(params, x, plan, *args):
        x, cache = blocks_forward(params, x, plan, *args)
        record(f"stage{plan.index}.out", x)
        return x, cache

    with mock.patch.multiple(stage, forward=recorded_forward, _blocks_forward=recorded_blocks):
        record("images", generator.forward(params, z, config, state)[0])
    return found


@cache
def discriminator_errors(mode):
    """{key: errors} of d128, each image's gradient of its own logit included."""
    dtype = official.DTYPES[mode]
    config, params = official.discriminator("d128", dtype)
    logits, cache = discriminator.forward(params, recipe.images("d128.x", 4, 128).astype(dtype), config)
    maps = [block["conv1"]["x"] for block in cache["blocks"]] + [cache["conv"]["x"]]
    values = {f"d128/conv_blocks.{index}": x for index, x in enumerate(maps, 1)}
    values |= {"d128/logits": logits[:, None], "d128/grad.x": discriminator.logit_gradients(cache)[0]}
    return {key: official.errors(mode, key, value) for key, value in values.items()}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("key", official.keys("g128.infer"))
def test_generator(key, mode):
    assert generator_errors(mode)[key] < TOLERANCE[mode]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("key", official.keys("d128/conv_blocks"))
def test_discriminator(key, mode):
    assert discriminator_errors(mode)[key].max() < TOLERANCE[mode]


@pytest.mark.parametrize("mode, tolerance", [("f64", 1e-7), ("f32", 3e-5)])
def test_logits(mode, tolerance):
    assert discriminator_errors(mode)["d128/logits"].max() < tolerance


@pytest.mark.parametrize("mode, median, largest", [("f64", 1e-8, 1e-6), ("f32", 1e-6, 2e-2)])
def test_image_gradient(mode, median, largest):
    """In float32 a few leaky ReLUs among millions fall on their other side: exact nearly everywhere, off in places."""
    errors = discriminator_errors(mode)["d128/grad.x"]
    assert np.median(errors) < median and errors.max() < largest
