import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from support.helpers import normal, off_zero, seeds

from minihit import gradcheck
from minihit.ops import leaky_relu

shapes = st.lists(st.integers(1, 5), min_size=1, max_size=4)


def test_values():
    """At the kink the slope is that of the left."""
    y, cache = leaky_relu.forward(np.array([-2.0, 0.0, 0.5, 3.0]))
    np.testing.assert_allclose(y, [-0.4, 0.0, 0.5, 3.0])
    np.testing.assert_allclose(leaky_relu.backward(np.ones(4), cache), [0.2, 0.2, 1.0, 1.0])


@given(shapes, seeds)
def test_gradients_agree_with_finite_differences(shape, seed):
    x, rng = off_zero(normal(seed, *shape)), np.random.default_rng(seed)
    gradcheck.check_layer(leaky_relu, None, x, rng)
    gradcheck.check_tangent(leaky_relu, None, x, rng)
