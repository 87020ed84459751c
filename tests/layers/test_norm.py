import numpy as np
import pytest
from hypothesis import given
from support.helpers import assert_same, normal, seeds

from minihit import gradcheck
from minihit.layers import batch_norm, layer_norm, norm
from minihit.layers.norm import How

MODULES = {"batch": batch_norm, "layer": layer_norm}


@pytest.mark.parametrize("kind", norm.NORMS)
@given(seed=seeds)
def test_norm_is_the_chosen_module(kind, seed):
    rng = np.random.default_rng(seed)
    params, x, dy = gradcheck.perturb(norm.init(4), rng), normal(seed, 3, 2, 4), normal(seed + 1, 3, 2, 4)
    (y, cache), (expected, expected_cache) = norm.forward(params, x, How(kind)), MODULES[kind].forward(params, x)
    assert_same(y, expected)
    assert_same(norm.backward(dy, cache), MODULES[kind].backward(dy, expected_cache))
    gradcheck.check_layer(norm, params, x, rng, how=How(kind))


def test_only_batch_norm_has_running_averages():
    assert norm.init_averages(4, "batch").keys() == {"mean", "variance"}
    assert norm.init_averages(4, "layer") == {}
    x, params = normal(0, 3, 2, 4), norm.init(4)
    assert_same(norm.forward(params, x, How("layer", {}))[0], norm.forward(params, x, How("layer"))[0])


def test_a_part_of_a_network_is_normalised_with_its_own_averages():
    how = How("batch", {"blocks": [{"norm": 1}, {"norm": 2}]}, total=sum)
    assert how.at("blocks", 1).at("norm") == How("batch", 2, total=sum)
    assert How("layer").at("blocks", 1) == How("layer")


def test_batch_norm_is_handed_averages_and_total():
    params, x, averages = norm.init(4), normal(2, 3, 2, 4), norm.init_averages(4, "batch")
    y, _ = norm.forward(params, x, How("batch", averages))
    assert_same(y, batch_norm.forward(params, x, averages)[0])
    asked = []
    norm.forward(params, x, How("batch", total=lambda part: asked.append(part) or part))
    assert len(asked) == 2                                                # the sum and the sum of squares


@pytest.mark.parametrize("how", [How("batch"), How("layer"), How("batch", norm.init_averages(4, "batch"))],
                         ids=["batch", "layer", "evaluation"])
def test_what_skips_the_norm_is_added_to_dx(how):
    dy, skip = normal(3, 3, 2, 4), normal(4, 3, 2, 4)
    _, cache = norm.forward(norm.init(4), normal(5, 3, 2, 4), how)
    (dx, grads), (found, same) = norm.backward(dy, cache), norm.backward(dy, cache, skip)
    np.testing.assert_allclose(found, dx + skip, atol=1e-14)
    assert_same(same, grads)
