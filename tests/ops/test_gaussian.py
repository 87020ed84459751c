import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.helpers import normal, seeds

from minihit import gradcheck
from minihit.ops import gaussian

shapes = st.lists(st.integers(1, 5), min_size=1, max_size=4)


@given(shapes, seeds)
def test_gradients_agree_with_finite_differences(shape, seed):
    mean, log_variance, noise = normal(seed, 3, *shape)
    gradcheck.check_layer(gaussian, None, (mean, log_variance), np.random.default_rng(seed), noise=noise)


def test_draws_have_the_mean_and_the_variance_that_were_asked_for():
    """A log-variance, not a variance nor a deviation, and of mean 3."""
    log_variance = np.full(200_000, np.log(4.0))
    z, _ = gaussian.forward(np.full_like(log_variance, 3.0), log_variance, normal(0, 200_000))
    assert z.mean() == pytest.approx(3.0, abs=0.02) and z.var() == pytest.approx(4.0, rel=0.02)


def test_without_variance_z_is_the_mean_and_the_log_variance_has_no_gradient():
    mean = normal(0, 4, 3)
    z, cache = gaussian.forward(mean, np.full((4, 3), -1e4), normal(1, 4, 3))
    np.testing.assert_array_equal(z, mean)
    dmean, dlog_variance = gaussian.backward(normal(2, 4, 3), cache)
    np.testing.assert_array_equal(dmean, normal(2, 4, 3))
    assert not dlog_variance.any()
