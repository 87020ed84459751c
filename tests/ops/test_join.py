import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.helpers import normal, seeds

from minihit import gradcheck
from minihit.ops import join

shapes = st.lists(st.integers(1, 5), min_size=1, max_size=4)


@given(shapes, seeds)
def test_gradients_agree_with_finite_differences(shape, seed):
    rng = np.random.default_rng(seed)
    main, skip = rng.standard_normal((2, *shape))
    gradcheck.check_layer(join, None, (main, skip), rng)
    y, cache = join.forward(main, skip)
    np.testing.assert_allclose(y, (main + skip) / math.sqrt(2.0), rtol=1e-14)
    np.testing.assert_array_equal(join.tangent(main, skip, cache), y)


def test_two_branches_that_do_not_know_each_other_keep_their_size():
    main, skip = normal(0, 2, 100_000)
    assert join.forward(main, skip)[0].std() == pytest.approx(1.0, rel=0.01)
