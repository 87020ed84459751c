import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from support.helpers import seeds

from minihit import gradcheck
from minihit.layers import latent_tokens, norm
from minihit.layers.norm import How

small = st.integers(1, 4)


@pytest.mark.parametrize("spatial", [False, True])
@pytest.mark.parametrize("kind", norm.NORMS)
@example(b=2, latent=1, count=3, channels=2, seed=2)                       # two channels that nearly agree bend sharply
@given(b=st.integers(2, 3), latent=small, count=small, channels=st.integers(2, 4), seed=seeds)
def test_backward_agrees_with_finite_differences(kind, spatial, b, latent, count, channels, seed):
    rng = np.random.default_rng(seed)
    params = gradcheck.perturb(latent_tokens.init(rng, latent, count, channels, spatial), rng)
    z = rng.standard_normal((b, count, latent) if spatial else (b, latent))
    gradcheck.check_layer(latent_tokens, params, z, rng, how=How(kind))


def test_the_position_is_added_before_the_norm():
    rng = np.random.default_rng(0)
    params, z = gradcheck.perturb(latent_tokens.init(rng, 3, 4, 5), rng), rng.standard_normal((2, 3))
    h = np.einsum("bz,ztc->btc", z, params["linear"]["weight"]) + params["linear"]["bias"] + params["position"][0]
    expected, _ = norm.forward(params["norm"], h, How("batch"))
    tokens, _ = latent_tokens.forward(params, z, How("batch"))
    np.testing.assert_allclose(tokens, expected, atol=1e-12)


def test_a_position_of_a_grid_makes_its_own_token():
    rng = np.random.default_rng(2)
    params, z = gradcheck.perturb(latent_tokens.init(rng, 3, 4, 5, spatial=True), rng), rng.standard_normal((2, 4, 3))
    h = np.einsum("btz,zc->btc", z, params["linear"]["weight"]) + params["linear"]["bias"] + params["position"][0]
    expected, _ = norm.forward(params["norm"], h, How("batch"))
    tokens, _ = latent_tokens.forward(params, z, How("batch"))
    np.testing.assert_allclose(tokens, expected, atol=1e-12)


def test_running_averages_stand_in_for_the_batch():
    """In evaluation the tokens of a latent do not depend on its batch."""
    rng = np.random.default_rng(1)
    params, z = gradcheck.perturb(latent_tokens.init(rng, 3, 4, 5), rng), rng.standard_normal((3, 3))
    averages = latent_tokens.init_averages(5, "batch")
    whole, alone = (latent_tokens.forward(params, latents, How("batch", averages))[0] for latents in (z, z[:1]))
    np.testing.assert_allclose(whole[:1], alone, atol=1e-12)
