import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.helpers import normal, seeds

from minihit import gradcheck
from minihit.models import quantizer
from minihit.models.quantizer.config import QuantizerConfig
from minihit.objectives import bottleneck

shapes = st.lists(st.integers(1, 4), min_size=2, max_size=4)


@given(shapes, seeds)
def test_gradients_of_the_divergence_agree_with_finite_differences(shape, seed):
    mean, log_variance = normal(seed, 2, *shape)
    _, dmean, dlog_variance = bottleneck.kl(mean, log_variance)
    expected = gradcheck.numerical_gradient(lambda mean: bottleneck.kl(mean, log_variance)[0], mean)
    gradcheck.assert_close(dmean, expected, "dmean")
    expected = gradcheck.numerical_gradient(lambda there: bottleneck.kl(mean, there)[0], log_variance)
    gradcheck.assert_close(dlog_variance, expected, "dlog_variance")


@given(shapes, seeds)
def test_the_divergence_is_a_sum_over_numbers_and_a_mean_over_images(shape, seed):
    """In nats: log(1 / std) + (variance + mean^2 - 1) / 2 of each number."""
    mean, log_variance = normal(seed, 2, *shape)
    std = np.exp(log_variance / 2)
    each = np.log(1 / std) + (std**2 + mean**2 - 1) / 2
    expected = each.reshape(shape[0], -1).sum(axis=1).mean()
    np.testing.assert_allclose(bottleneck.kl(mean, log_variance)[0], expected)


def test_the_divergence_is_what_draws_say_it_is():
    """The mean of log q(z) - log p(z) over many z from q."""
    mean, std, noise = 0.7, 0.5, normal(0, 400_000)
    z = mean + std * noise
    found = (-0.5 * noise**2 - np.log(std) + 0.5 * z**2).mean()
    assert bottleneck.kl(np.full((1, 1), mean), np.full((1, 1), 2 * np.log(std)))[0] == pytest.approx(found, abs=0.005)


def test_at_the_prior_there_is_no_divergence_and_no_pull():
    assert [float(abs(found).max()) for found in bottleneck.kl(np.zeros((2, 3)), np.zeros((2, 3)))] == [0.0] * 3


def test_a_divergence_close_to_the_prior_is_not_lost_in_rounding():
    tiny = np.full((1, 1), 1e-3, np.float32)
    value, dmean, dlog_variance = bottleneck.kl(0 * tiny, tiny)
    assert dlog_variance[0, 0] == pytest.approx(0.5 * np.expm1(1e-3), rel=1e-6)
    assert value.dtype == dmean.dtype == dlog_variance.dtype == np.float32


@given(shapes, st.floats(0.0, 4.0), seeds)
def test_both_losses_are_the_mean_square_and_pull_at_one_side_each(shape, cost, seed):
    z, codes = normal(seed, 2, *shape)
    loss, dz = bottleneck.commitment(z, codes, cost)
    np.testing.assert_allclose(loss, cost * ((z - codes) ** 2).mean())
    expected = gradcheck.numerical_gradient(lambda z: bottleneck.commitment(z, codes, cost)[0], z)
    gradcheck.assert_close(dz, expected, "dz")
    loss, dcodes = bottleneck.codebook(z, codes)
    np.testing.assert_allclose(loss, ((z - codes) ** 2).mean())
    expected = gradcheck.numerical_gradient(lambda codes: bottleneck.codebook(z, codes)[0], codes)
    gradcheck.assert_close(dcodes, expected, "dcodes")


@pytest.mark.parametrize("cost", [0.0, 0.25])
def test_a_cost_of_zero_stops_the_encoder_and_not_the_codebook(cost):
    """The cost is the commitment's (beta), not the codebook's, which some well-known code has the other way round."""
    config = QuantizerConfig(codes=5, width=3, learn="gradient")
    params, z = quantizer.init(np.random.default_rng(0), config), normal(1, 8, 3)
    _, cache = quantizer.forward(params, z, config)
    _, dz = bottleneck.commitment(z, cache["codes"], cost)
    _, dcodes = bottleneck.codebook(z, cache["codes"])
    dz, grads = quantizer.backward(dz, cache, dcodes)
    np.testing.assert_allclose(dz, cost * 2 * (z - cache["codes"]) / z.size)
    np.testing.assert_allclose(grads["codebook"].sum(axis=0), 2 * (cache["codes"] - z).sum(axis=0) / z.size)
    assert grads["codebook"].any()
