import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.helpers import image_shapes, normal, on_no_kink, seeds

from minihit import gradcheck
from minihit.ops import noisy_relu

examples = {"shape": image_shapes(), "each": st.booleans(), "seed": seeds}


def example(shape, each, seed):
    """(x, strength, bias), noise: a map for each image, or one for all."""
    b, height, width, c = shape
    inputs = normal(seed, *shape), normal(seed + 1, 1), normal(seed + 2, c)
    return inputs, normal(seed + 3, b if each else 1, height, width)


@given(**examples)
def test_forward_is_the_definition(**drawn):
    (x, strength, bias), noise = example(**drawn)
    y, _ = noisy_relu.forward(x, strength, bias, noise)
    for b, row, column, c in np.ndindex(x.shape):
        h = x[b, row, column, c] + strength[0] * noise[b % len(noise), row, column] + bias[c]
        assert y[b, row, column, c] == pytest.approx(2**0.5 * (h if h > 0 else h / 5))


@given(**examples)
def test_gradients_agree_with_finite_differences(**drawn):
    inputs, noise = example(**drawn)
    with on_no_kink():
        gradcheck.check_layer(noisy_relu, None, inputs, np.random.default_rng(0), noise=noise)


@given(**examples)
def test_the_strength_learns_from_the_sum_of_gradient_times_noise(**drawn):
    (x, strength, bias), noise = example(**drawn)
    _, cache = noisy_relu.forward(x, strength, bias, noise)
    dx, dstrength, dbias = noisy_relu.backward(normal(4, *x.shape), cache)
    assert dstrength.shape == (1,)
    np.testing.assert_allclose(dstrength, (dx * noise[..., None]).sum(), atol=1e-12)
    np.testing.assert_allclose(dbias, dx.sum(axis=(0, 1, 2)), atol=1e-12)


def test_at_the_kink_the_slope_is_that_of_the_left():
    y, cache = noisy_relu.forward(np.zeros((1, 1, 1, 1)), np.ones(1), np.zeros(1), np.zeros((1, 1, 1)))
    assert y == 0.0 and noisy_relu.backward(np.ones((1, 1, 1, 1)), cache)[0] == pytest.approx(0.2 * 2**0.5)


def test_without_strength_the_noise_changes_nothing():
    (x, _, bias), noise = example((2, 3, 4, 5), True, 0)
    found = [noisy_relu.forward(x, np.zeros(1), bias, n)[0] for n in (noise, 0.0 * noise)]
    np.testing.assert_array_equal(*found)
