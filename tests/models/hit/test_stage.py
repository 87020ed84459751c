"""One stage alone: what it takes and returns in each place of the generator, and its gradients."""

import numpy as np
import pytest
from support.helpers import normal
from support.networks import BASE, GENERATORS

from minihit import gradcheck
from minihit.layers.norm import How
from minihit.models.hit import stage

every_option = pytest.mark.parametrize("config", GENERATORS.values(), ids=GENERATORS.keys())


def inputs(config, plan, rng):
    """x, tokens and image, as the stage finds them."""
    x = rng.standard_normal((2, plan.side, plan.side, plan.channels))
    tokens = rng.standard_normal((2, config.tokens, config.channels[0])) if config.cross_attention else None
    has_image = any(earlier.rgb for earlier in config.stages[:plan.index])
    return x, tokens, rng.standard_normal((2, plan.side // 2, plan.side // 2, 3)) if has_image else None


@every_option
def test_gradients_agree_with_finite_differences(config):
    rng = np.random.default_rng(0)
    for plan in config.stages:
        params = gradcheck.perturb(stage.init(rng, plan, config), rng)
        gradcheck.check_layer(stage, params, inputs(config, plan, rng), rng, few=0, plan=plan, how=How(config.norm))


@every_option
def test_shapes_of_what_a_stage_hands_on(config):
    rng = np.random.default_rng(1)
    for plan in config.stages:
        x, image, _ = stage.forward(stage.init(rng, plan, config), *inputs(config, plan, rng), plan, How(config.norm))
        if plan.next_channels is None:
            assert x is None
        else:
            assert x.shape == (2, 2 * plan.side, 2 * plan.side, plan.next_channels)
        if plan.rgb:
            assert image.shape == (2, plan.side, plan.side, 3)
        else:
            assert image is None


def test_the_image_is_upsampled_and_added_to():
    config = GENERATORS["image from two stages"]
    rng, plan = np.random.default_rng(2), config.stages[1]
    params = gradcheck.perturb(stage.init(rng, plan, config), rng)
    x, tokens, image = inputs(config, plan, rng)
    _, colours, _ = stage.forward(params, x, tokens, None, plan, How(config.norm))
    _, both, _ = stage.forward(params, x, tokens, image, plan, How(config.norm))
    np.testing.assert_allclose(both, colours + image.repeat(2, axis=1).repeat(2, axis=2))


def test_only_a_stage_that_changes_width_has_a_linear_layer_to_the_next():
    rng = np.random.default_rng(3)
    assert "widen" in stage.init(rng, BASE.stages[0], BASE)               # 4 channels shuffle to 1, the next has 6
    config = GENERATORS["no widening"]
    assert "widen" not in stage.init(rng, config.stages[0], config)       # 16 channels shuffle to 4
    assert "widen" not in stage.init(rng, BASE.stages[1], BASE)           # the last


def test_a_stage_without_windows_is_pointwise():
    """A changed pixel changes no other, given the statistics of evaluation."""
    rng, plan = np.random.default_rng(4), BASE.stages[1]
    params, averages = gradcheck.perturb(stage.init(rng, plan, BASE), rng), stage.init_averages(plan, BASE)
    x, tokens, image = inputs(BASE, plan, rng)
    moved = x.copy()
    moved[:, 3, 5] += normal(5, 6)
    _, before, _ = stage.forward(params, x, tokens, image, plan, How(BASE.norm, averages))
    _, after, _ = stage.forward(params, moved, tokens, image, plan, How(BASE.norm, averages))
    changed = (np.abs(after - before) > 1e-12).any(axis=(0, 3))
    assert changed[3, 5] and changed.sum() == 1
