import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.helpers import image_shapes, seeds

from minihit import gradcheck
from minihit.layers import norm, to_rgb
from minihit.layers.norm import How


@pytest.mark.parametrize("kind", norm.NORMS)
@given(shape=image_shapes(b=st.integers(2, 3), c=st.integers(3, 5)), seed=seeds)
def test_backward_agrees_with_finite_differences(kind, shape, seed):
    rng = np.random.default_rng(seed)
    params = gradcheck.perturb(to_rgb.init(rng, shape[-1]), rng)
    gradcheck.check_layer(to_rgb, params, rng.standard_normal(shape), rng, how=How(kind))


def test_the_image_is_not_clipped():
    rng = np.random.default_rng(0)
    params = to_rgb.init(rng, 4)
    rgb, _ = to_rgb.forward({**params, "linear": {"weight": np.ones((4, 3)), "bias": np.full(3, 7.0)}},
                            rng.standard_normal((2, 3, 3, 4)), How("layer"))
    np.testing.assert_allclose(rgb, 7.0, atol=1e-10)                      # normalised channels add up to zero


def test_running_averages_stand_in_for_the_batch():
    """In evaluation an image does not depend on its batch."""
    rng = np.random.default_rng(1)
    params, x = gradcheck.perturb(to_rgb.init(rng, 4), rng), rng.standard_normal((3, 2, 5, 4))
    averages = to_rgb.init_averages(4, "batch")
    whole, alone = (to_rgb.forward(params, images, How("batch", averages))[0] for images in (x, x[:1]))
    assert whole.shape == (3, 2, 5, 3)
    np.testing.assert_allclose(whole[:1], alone, atol=1e-12)
