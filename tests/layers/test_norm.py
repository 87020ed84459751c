import numpy as np
import pytest
from hypothesis import given
from support.helpers import assert_same, normal, seeds

from minihit import gradcheck
from minihit.layers import batch_norm, layer_norm, norm

MODULES = {"batch": batch_norm, "layer": layer_norm}


@pytest.mark.parametrize("kind", norm.KINDS)
@given(seed=seeds)
def test_norm_is_the_chosen_module(kind, seed):
    rng = np.random.default_rng(seed)
    params, x, dy = gradcheck.perturb(norm.init(4), rng), normal(seed, 3, 2, 4), normal(seed + 1, 3, 2, 4)
    (y, cache), (expected, expected_cache) = norm.forward(params, x, kind), MODULES[kind].forward(params, x)
    assert_same(y, expected)
    assert_same(norm.backward(dy, cache), MODULES[kind].backward(dy, expected_cache))
    gradcheck.check_layer(norm, params, x, rng, kind=kind)


def test_only_batch_norm_has_running_averages():
    assert norm.init_state(4, "batch").keys() == {"mean", "variance"}
    assert norm.init_state(4, "layer") == {}
    x, params = normal(0, 3, 2, 4), norm.init(4)
    assert_same(norm.forward(params, x, "layer", {})[0], norm.forward(params, x, "layer")[0])
