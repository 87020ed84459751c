import numpy as np
import pytest
from helpers import image_shapes, seeds
from hypothesis import given
from hypothesis import strategies as st

from minihit import gradcheck
from minihit.layers import norm, to_rgb


@pytest.mark.parametrize("kind", norm.KINDS)
@given(shape=image_shapes(b=st.integers(2, 3), c=st.integers(2, 5)), seed=seeds)
def test_backward_agrees_with_finite_differences(kind, shape, seed):
    rng = np.random.default_rng(seed)
    params = gradcheck.perturb(to_rgb.init(rng, shape[-1]), rng)
    gradcheck.check_layer(to_rgb, params, rng.standard_normal(shape), rng, kind=kind)


def test_the_image_is_not_clipped():
    rng = np.random.default_rng(0)
    params = to_rgb.init(rng, 4)
    rgb, _ = to_rgb.forward({**params, "linear": {"weight": np.ones((4, 3)), "bias": np.full(3, 7.0)}},
                            rng.standard_normal((2, 3, 3, 4)), "layer")
    np.testing.assert_allclose(rgb, 7.0, atol=1e-10)                      # normalised channels add up to zero
