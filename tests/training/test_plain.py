"""A whole training step on definitions alone is the tuned one, up to rounding."""

from dataclasses import replace

import numpy as np
import pytest
from support import autoencoders
from support.helpers import cast
from support.runs import shrunk
from training.test_step import PRESETS as SMALL
from training.test_step import make

from minihit import tree
from minihit.bench import case
from minihit.ops.switch import plain
from minihit.presets import PRESETS
from minihit.training import step

QUICK = ("faces-32", "vae-32", "vqvae-32")
FAMILIES = [name if name in QUICK else pytest.param(name, marks=pytest.mark.slow) for name in PRESETS]
ROUNDING = {np.float32: 1e-3, np.float64: 1e-9}                           # of the largest value of a leaf


def assert_close(actual, expected, rounding):
    """Trees that agree leaf by leaf; a leaf that is all rounding is measured by the largest leaf."""
    actual, expected = dict(tree.items(actual)), dict(tree.items(expected))
    assert actual.keys() == expected.keys()
    largest = max((float(np.abs(leaf).max()) for leaf in expected.values()), default=0.0)
    for path, leaf in expected.items():
        assert actual[path].dtype == leaf.dtype
        scale = max(float(np.abs(leaf).max()), 1e-3 * largest)
        np.testing.assert_allclose(actual[path], leaf, rtol=0, atol=rounding * scale, err_msg=path)


def both(networks, images, draws, preset):
    """(grads, averages, metrics) of the tuned step and of the plain one."""
    found = []
    for on in (False, True):
        with plain(on):
            found.append(step.gradients(networks, images, draws, preset, lanes=2))
    return found


@pytest.mark.parametrize("name", FAMILIES)
def test_a_step_of_a_preset_in_float32(name):
    preset = shrunk(name)
    here = case.make(preset)
    tuned, plainly = both(here.training.networks, here.real, here.draws, preset)
    for metric, value in tuned[2].items():
        np.testing.assert_allclose(plainly[2][metric], value, rtol=1e-6, atol=1e-6, err_msg=metric)
    assert_close(plainly[0], tuned[0], ROUNDING[np.float32])
    assert_close(plainly[1], tuned[1], 1e-5)


@pytest.mark.parametrize("name", FAMILIES)
def test_a_step_of_a_preset_in_float64(name):
    preset = shrunk(name)
    here = case.make(preset)
    inputs = [cast(x, np.float64) for x in (here.training.networks, here.real)]
    draws = tree.map(lambda x: x.astype(np.float64) if x.dtype.kind == "f" else x, here.draws)
    tuned, plainly = both(*inputs, draws, preset)
    for one, other in zip(plainly, tuned, strict=True):
        assert_close(one, other, ROUNDING[np.float64])


@pytest.mark.parametrize("name", autoencoders.STEPS)
def test_a_step_of_an_autoencoder_with_every_term(name):
    preset = autoencoders.STEPS[name]
    tuned, plainly = both(*autoencoders.make(preset), preset)
    for one, other in zip(plainly, tuned, strict=True):
        assert_close(one, other, ROUNDING[np.float64])


@pytest.mark.parametrize("norm", ["batch", "layer"])
@pytest.mark.parametrize("name", ["everything", "everything, stddev"])
def test_a_step_with_every_loss_and_penalty(name, norm):
    preset = replace(SMALL[name], generator=replace(SMALL[name].generator, norm=norm, multi_query=norm == "batch"))
    tuned, plainly = both(*make(preset), preset)
    for one, other in zip(plainly, tuned, strict=True):
        assert_close(one, other, ROUNDING[np.float64])
