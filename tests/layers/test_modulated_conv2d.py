from unittest import mock

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracles import autoencoder as oracle
from oracles import stylegan2
from support.helpers import channels, image_shapes, normal, seeds

from minihit import gradcheck
from minihit.layers import modulated_conv2d

examples = {"shape": image_shapes(side=st.integers(1, 5)), "c_out": channels, "up": st.booleans(), "seed": seeds}


def example(shape, c_out, seed, k=3):
    """params, x and styles that are well off zero."""
    rng = np.random.default_rng(seed)
    params = gradcheck.perturb(modulated_conv2d.init(rng, shape[-1], c_out, k), rng)
    style = rng.standard_normal((shape[0], shape[-1]))
    return params, rng.standard_normal(shape), style + 0.2 * np.sign(style)


@given(**examples, demodulate=st.booleans())
def test_gradients_agree_with_finite_differences(shape, c_out, up, seed, demodulate):
    params, x, style = example(shape, c_out, seed)
    gradcheck.check_layer(modulated_conv2d, params, (x, style), np.random.default_rng(0), up=up, demodulate=demodulate)


@given(**examples)
def test_every_image_has_a_kernel_of_its_own(shape, c_out, up, seed):
    """Scaled by its style, then to length one for each output channel."""
    params, x, style = example(shape, c_out, seed)
    y, _ = modulated_conv2d.forward(params, x, style, up)
    for b in range(len(x)):
        kernel = params["weight"] * style[b, :, None]
        kernel = kernel / np.sqrt((kernel**2).sum(axis=(0, 1, 2)) + 1e-8)
        image = x[b:b + 1]
        padded = stylegan2.upsampled(image, 3, 2) if up else oracle.pad(image, 1, 1)
        np.testing.assert_allclose(y[b:b + 1], oracle.correlate(padded, kernel), atol=1e-10)


@given(**examples)
def test_without_demodulation_it_is_the_convolution_of_the_scaled_map(shape, c_out, up, seed):
    params, x, style = example(shape, c_out, seed)
    y, _ = modulated_conv2d.forward(params, x, style, up, demodulate=False)
    scaled = x * style[:, None, None]
    padded = stylegan2.upsampled(scaled, 3, 2) if up else oracle.pad(scaled, 1, 1)
    np.testing.assert_allclose(y, oracle.correlate(padded, params["weight"]), atol=1e-10)


@given(**examples)
def test_a_rescaled_style_changes_nothing_so_its_gradient_is_at_right_angles_to_it(shape, c_out, up, seed):
    params, x, style = example(shape, c_out, seed)
    with mock.patch.object(modulated_conv2d, "EPS", 0.0):
        y, cache = modulated_conv2d.forward(params, x, style, up)
        other, _ = modulated_conv2d.forward(params, x, style * 3.7, up)
        _, dstyle, _ = modulated_conv2d.backward(normal(seed + 1, *y.shape), cache)
    np.testing.assert_allclose(other, y, atol=1e-11)
    np.testing.assert_allclose((style * dstyle).sum(axis=1), 0.0, atol=1e-9)


@given(**examples)
def test_a_rescaled_kernel_of_an_output_channel_changes_nothing(shape, c_out, up, seed):
    """So the gradient of each such kernel is at right angles to it."""
    params, x, style = example(shape, c_out, seed)
    with mock.patch.object(modulated_conv2d, "EPS", 0.0):
        y, cache = modulated_conv2d.forward(params, x, style, up)
        factors = np.linspace(0.3, 3.0, c_out)
        other, _ = modulated_conv2d.forward({"weight": params["weight"] * factors}, x, style, up)
        _, _, grads = modulated_conv2d.backward(normal(seed + 1, *y.shape), cache)
    np.testing.assert_allclose(other, y, atol=1e-11)
    np.testing.assert_allclose((params["weight"] * grads["weight"]).sum(axis=(0, 1, 2)), 0.0, atol=1e-9)


def test_a_style_of_zero_gives_zero_and_no_infinity():
    params, x, style = example((2, 3, 3, 4), 5, 0)
    y, cache = modulated_conv2d.forward(params, x, 0.0 * style)
    assert not y.any()
    assert all(np.isfinite(gradient).all() for gradient in modulated_conv2d.backward(normal(1, *y.shape), cache)[:2])


def test_a_kernel_as_small_as_the_root_of_eps_by_hand():
    y, _ = modulated_conv2d.forward({"weight": np.full((1, 1, 1, 1), 1e-4)}, np.ones((1, 2, 2, 1)), np.ones((1, 1)))
    np.testing.assert_allclose(y, np.sqrt(0.5), rtol=1e-12)


def test_unless_told_sides_stay_and_the_kernel_is_demodulated():
    params, x, style = example((2, 3, 4, 2), 5, 1)
    y, _ = modulated_conv2d.forward(params, x, style)
    assert y.shape == (2, 3, 4, 5)
    np.testing.assert_array_equal(y, modulated_conv2d.forward(params, x, style, up=False, demodulate=True)[0])


@pytest.mark.parametrize("options, k", [({}, 3), ({"k": 1}, 1)])
def test_the_kernel_is_standard_normal(options, k):
    weight = modulated_conv2d.init(np.random.default_rng(0), 40, 50, **options)["weight"]
    assert weight.shape == (k, k, 40, 50) and weight.dtype == np.float32
    assert weight.std() == pytest.approx(1.0, rel=0.05) and abs(weight.mean()) < 0.05
