import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.helpers import seeds

from minihit import gradcheck
from minihit.layers import linear, mlp, norm
from minihit.layers.norm import How
from minihit.ops import gelu


@pytest.mark.parametrize("kind", norm.NORMS)
@given(shape=st.tuples(st.integers(2, 3), st.integers(1, 3), st.integers(3, 5)), seed=seeds)
def test_backward_agrees_with_finite_differences(kind, shape, seed):
    rng = np.random.default_rng(seed)
    params = gradcheck.perturb(mlp.init(rng, shape[-1]), rng)
    gradcheck.check_layer(mlp, params, rng.standard_normal(shape), rng, how=How(kind))


def test_forward_is_the_definition():
    rng = np.random.default_rng(0)
    params, x = gradcheck.perturb(mlp.init(rng, 4), rng), rng.standard_normal((3, 2, 4))
    h, _ = norm.forward(params["norm"], x, How("batch"))
    h = h @ params["expand"]["weight"] + params["expand"]["bias"]
    h = gelu.forward(h)[0] @ params["contract"]["weight"] + params["contract"]["bias"]
    np.testing.assert_allclose(mlp.forward(params, x, How("batch"))[0], x + h, atol=1e-12)


def test_the_hidden_layer_is_four_times_as_wide():
    assert mlp.init(np.random.default_rng(0), 6)["expand"]["weight"].shape == (6, 24)


def test_with_nothing_to_contract_the_block_is_the_identity():
    rng = np.random.default_rng(1)
    params, x = mlp.init(rng, 4), rng.standard_normal((3, 4))
    params["contract"] = {**linear.init(rng, 16, 4), "weight": np.zeros((16, 4))}
    np.testing.assert_array_equal(mlp.forward(params, x, How("layer"))[0], x)


def test_running_averages_stand_in_for_the_batch():
    """In evaluation an image does not depend on its batch."""
    rng = np.random.default_rng(2)
    params, x = gradcheck.perturb(mlp.init(rng, 4), rng), rng.standard_normal((3, 2, 4))
    averages = mlp.init_averages(4, "batch")
    whole, alone = (mlp.forward(params, images, How("batch", averages))[0] for images in (x, x[:1]))
    np.testing.assert_allclose(whole[:1], alone, atol=1e-12)
