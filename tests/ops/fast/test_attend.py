import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ops.test_attend import queries_keys_values
from support.helpers import normal, seeds
from support.twins import DTYPES, assert_close, assert_twin_agrees, defined, every_way, going

from minihit import gradcheck
from minihit.ops import attend


@every_way
@pytest.mark.parametrize("dtype", DTYPES)
@given(data=st.data())
def test_it_computes_what_its_definition_says(on_gpu, dtype, data):
    """The probabilities too, in the same shape."""
    arrays = data.draw(queries_keys_values(dtype))
    with going(on_gpu):
        assert_twin_agrees(attend, *arrays)
        assert_close([attend.forward(*arrays)[1]["probs"]], [defined(attend.forward, *arrays)[1]["probs"]])


@every_way
@given(arrays=queries_keys_values(), seed=seeds)
def test_backward_agrees_with_finite_differences(on_gpu, arrays, seed):
    with going(on_gpu):
        gradcheck.check_layer(attend, None, arrays, np.random.default_rng(seed))


@pytest.mark.parametrize("keys, shape", [(1, (2, 15, 4)), (3, (2, 3, 5, 4))])
def test_heads_that_share_a_key_are_rows_of_one_product(keys, shape):
    _, cache = attend.forward(normal(0, 2, 5, 3, 4), normal(1, 2, 6, keys, 4), normal(2, 2, 6, keys, 4))
    assert cache["query"].shape == shape
    assert cache["probs"].shape == (2, 3, 5, 6)
    assert cache["probs"].base is not None                                # a view of what softmax keeps


@every_way
def test_large_scores_do_not_overflow(on_gpu):
    query = normal(3, 1, 4, 2, 8, dtype=np.float32) * 1e4
    with going(on_gpu):
        out, _ = attend.forward(query, query, query)
    assert np.isfinite(out).all()
