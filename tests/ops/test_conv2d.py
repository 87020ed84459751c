import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.helpers import channels, image_shapes, normal, seeds

from minihit import gradcheck
from minihit.ops import conv2d

examples = {"shape": image_shapes(), "k": st.sampled_from([1, 3, 5]), "c_out": channels, "seed": seeds}


def example(shape, k, c_out, seed, dtype=np.float64):
    """x, weight and dy."""
    return (normal(seed, *shape, dtype=dtype), normal(seed + 1, k, k, shape[-1], c_out, dtype=dtype),
            normal(seed + 2, *shape[:3], c_out, dtype=dtype))


@given(**examples)
def test_every_pixel_is_a_sum_over_its_neighbourhood(**drawn):
    x, weight, _ = example(**drawn)
    k = len(weight)
    padded = np.pad(x, [(0, 0), (k // 2, k // 2), (k // 2, k // 2), (0, 0)])
    neighbourhoods = np.lib.stride_tricks.sliding_window_view(padded, (k, k), axis=(1, 2))   # (B, H, W, C, k, k)
    expected = np.einsum("bhwcij,ijcd->bhwd", neighbourhoods, weight)
    np.testing.assert_allclose(conv2d.forward(x, weight)[0], expected, atol=1e-12)


@given(**examples)
def test_gradients_agree_with_finite_differences(**drawn):
    x, weight, _ = example(**drawn)
    rng = np.random.default_rng(0)
    gradcheck.check_layer(conv2d, None, (x, weight), rng)
    gradcheck.assert_close(conv2d.tangent(x, {"weight": weight}), conv2d.forward(x, weight)[0], "tangent")


@given(**examples)
def test_the_weights_gradient_can_be_that_of_another_input(**drawn):
    x, weight, dy = example(**drawn)
    other = np.random.default_rng(1).standard_normal(x.shape)
    found = conv2d.weight_gradient(dy, conv2d.forward(x, weight)[1], other)
    _, expected = conv2d.backward(dy, conv2d.forward(other, weight)[1])
    np.testing.assert_array_equal(found, expected)


def test_a_kernel_with_a_single_one_shifts_the_image():
    x, weight = normal(3, 1, 4, 5, 1), np.zeros((3, 3, 1, 1))
    weight[0, 2] = 1.0                                                    # looks at the pixel above, to the right
    y, _ = conv2d.forward(x, weight)
    np.testing.assert_array_equal(y[:, 1:, :-1], x[:, :-1, 1:])
    assert not y[:, 0].any() and not y[:, :, -1].any()


@pytest.mark.parametrize("k", [1, 3])
def test_float32_stays_float32(k):
    x, weight, dy = example((2, 3, 4, 5), k, 2, 0, np.float32)
    y, cache = conv2d.forward(x, weight)
    assert {array.dtype for array in (y, *conv2d.backward(dy, cache))} == {np.dtype(np.float32)}
