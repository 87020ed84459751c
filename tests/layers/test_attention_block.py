import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.helpers import seeds

from minihit import gradcheck
from minihit.layers import attention_block, norm
from minihit.layers.norm import How

axes = st.sampled_from([("block", "grid"), ("block",), ("grid",)])


@pytest.mark.parametrize("kind", norm.NORMS)
@given(windows=st.integers(1, 3), pixels=st.integers(1, 3), axes=axes, multi_query=st.booleans(), seed=seeds)
def test_backward_agrees_with_finite_differences(kind, windows, pixels, axes, multi_query, seed):
    rng = np.random.default_rng(seed)
    params, shape = gradcheck.perturb(attention_block.init(rng, 4, 2, multi_query), rng), (2, windows, pixels, 4)
    gradcheck.check_layer(attention_block, params, rng.standard_normal(shape), rng, axes=axes, how=How(kind))


def test_running_averages_stand_in_for_the_batch():
    """In evaluation an image does not depend on its batch."""
    rng = np.random.default_rng(0)
    params, x = gradcheck.perturb(attention_block.init(rng, 4, 2), rng), rng.standard_normal((3, 2, 3, 4))
    averages = attention_block.init_averages(4, "batch")
    whole, _ = attention_block.forward(params, x, ("block", "grid"), How("batch", averages))
    alone, _ = attention_block.forward(params, x[:1], ("block", "grid"), How("batch", averages))
    np.testing.assert_allclose(whole[:1], alone, atol=1e-12)


@pytest.mark.parametrize("options, key_heads", [({}, 1), ({"multi_query": True}, 1), ({"multi_query": False}, 2)])
def test_keys_are_shared_by_all_heads_unless_told_otherwise(options, key_heads):
    params = attention_block.init(np.random.default_rng(1), 4, 2, **options)
    assert len(params["attention"]["key"]["bias"]) == key_heads
