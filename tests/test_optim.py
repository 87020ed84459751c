import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.helpers import normal, seeds

from minihit import optim

sizes = st.integers(1, 9)


def adam_by_hand(params, gradients, lr, beta1, beta2):
    """Keras' formula, step by step, for a list of gradients."""
    first, second = np.zeros_like(params), np.zeros_like(params)
    for t, grads in enumerate(gradients, 1):
        first = beta1 * first + (1 - beta1) * grads
        second = beta2 * second + (1 - beta2) * grads**2
        params = params - lr * np.sqrt(1 - beta2**t) / (1 - beta1**t) * first / (np.sqrt(second) + 1e-7)
    return params, first, second


@pytest.mark.parametrize("betas", [(), (0.0, 0.99), (0.9, 0.999)])
@given(count=sizes, steps=st.integers(1, 5), seed=seeds)
def test_adam_is_the_formula(betas, count, steps, seed):
    """By default that of the official recipes, without momentum."""
    start, gradients = normal(seed, count), normal(seed + 1, steps, count)
    params, moments = start.copy(), optim.init_moments(start)
    for t, grads in enumerate(gradients, 1):
        optim.adam(params, grads, moments, t, 0.01, *betas)
    expected, first, second = adam_by_hand(start, gradients, 0.01, *(betas or (0.0, 0.99)))
    np.testing.assert_allclose(params, expected, rtol=1e-12)
    np.testing.assert_allclose(moments["first"], first, rtol=1e-12)
    np.testing.assert_allclose(moments["second"], second, rtol=1e-12)


def test_the_first_step_of_adam_is_the_learning_rate_whatever_the_gradient():
    params = np.zeros(3, np.float32)
    optim.adam(params, np.array([1e-3, 1.0, -50.0], np.float32), optim.init_moments(params), 1, lr=0.01)
    np.testing.assert_allclose(params, [-0.01, -0.01, 0.01], rtol=2e-3)


def test_adam_keeps_float32_and_the_gradients():
    params, grads = normal(0, 5, dtype=np.float32), normal(1, 5, dtype=np.float32)
    moments, before = optim.init_moments(params), grads.copy()
    optim.adam(params, grads, moments, 1, lr=0.01)
    assert params.dtype == moments["first"].dtype == moments["second"].dtype == np.float32
    np.testing.assert_array_equal(grads, before)


def test_adam_where_no_gradient_arrives_stands_still():
    params = np.ones(3)
    optim.adam(params, np.zeros(3), optim.init_moments(params), 1, lr=0.01)
    np.testing.assert_array_equal(params, np.ones(3))


@given(sizes, seeds)
def test_ema_copies_up_to_its_start_and_averages_from_then_on(count, seed):
    values, average = normal(seed, 13, count), np.zeros(count)
    for t in range(1, 11):
        optim.ema(average, values[t - 1], t)
        np.testing.assert_array_equal(average, values[t - 1])
    expected = average.copy()
    for t in (11, 12):
        expected = 0.999 * expected + 0.001 * values[t]
        optim.ema(average, values[t], t)
        np.testing.assert_allclose(average, expected, rtol=1e-12)


@given(sizes, st.floats(0.01, 100), seeds)
def test_clip_bounds_the_norm_and_keeps_the_direction(count, largest, seed):
    grads = normal(seed, count)
    clipped = optim.clip(grads, largest)
    length = np.linalg.norm(grads)
    np.testing.assert_allclose(clipped, grads * min(1.0, largest / length), rtol=1e-12)


def test_clip_keeps_zeros_and_float32():
    assert not optim.clip(np.zeros(3), 1.0).any()
    assert optim.clip(normal(0, 3, dtype=np.float32), 0.1).dtype == np.float32
