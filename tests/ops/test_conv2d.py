import numpy as np
import pytest
from helpers import assert_adjoint, channels, image_shapes, normal, seeds
from hypothesis import given
from hypothesis import strategies as st

from minihit import gradcheck
from minihit.ops import conv2d

kernels = st.sampled_from([1, 3, 5])
TOLERANCE = {np.float64: 1e-12, np.float32: 2e-5}


@pytest.mark.parametrize("dtype", TOLERANCE)
@given(shape=image_shapes(), k=kernels, c_out=channels, seed=seeds)
def test_the_readable_version_agrees(dtype, shape, k, c_out, seed):
    x, weight = normal(seed, *shape, dtype=dtype), normal(seed + 1, k, k, shape[-1], c_out, dtype=dtype)
    y = conv2d.forward(x, weight)
    assert y.dtype == dtype
    np.testing.assert_allclose(y, conv2d.reference(x, weight), atol=TOLERANCE[dtype])


@given(image_shapes(), kernels, channels, seeds)
def test_both_gradients_are_transposes_of_the_definition(shape, k, c_out, seed):
    x, weight, dy = normal(seed, *shape), normal(seed + 1, k, k, shape[-1], c_out), normal(seed + 2, *shape[:3], c_out)
    assert_adjoint(lambda x: conv2d.reference(x, weight), lambda dy: conv2d.input_gradient(dy, weight), x, dy)
    assert_adjoint(lambda weight: conv2d.reference(x, weight), lambda dy: conv2d.weight_gradient(x, dy, k), weight, dy)


@given(image_shapes(), kernels, channels, seeds)
def test_gradients_agree_with_finite_differences(shape, k, c_out, seed):
    rng = np.random.default_rng(seed)
    arguments = {"x": rng.standard_normal(shape), "weight": rng.standard_normal((k, k, shape[-1], c_out))}

    def forward(arguments):
        return [conv2d.forward(**arguments)], arguments

    def backward(douts, cache):
        dy, x, weight = douts[0], cache["x"], cache["weight"]
        return {"x": conv2d.input_gradient(dy, weight), "weight": conv2d.weight_gradient(x, dy, k)}

    gradcheck.require(gradcheck.compare(forward, backward, arguments, rng))


def test_images_processed_in_groups_give_the_same(monkeypatch):
    x, weight, dy = normal(0, 5, 6, 7, 3), normal(1, 3, 3, 3, 4), normal(2, 5, 6, 7, 4)
    whole = conv2d.forward(x, weight), conv2d.weight_gradient(x, dy, 3)
    monkeypatch.setattr(conv2d, "_COLUMNS", 2 * 6 * 7 * 27)               # two images at a time, one in the last group
    for one, other in zip(whole, (conv2d.forward(x, weight), conv2d.weight_gradient(x, dy, 3)), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-12)


def test_a_kernel_with_a_single_one_shifts_the_image():
    x, weight = normal(3, 1, 4, 5, 1), np.zeros((3, 3, 1, 1))
    weight[0, 2] = 1.0                                                    # looks at the pixel above, to the right
    y = conv2d.forward(x, weight)
    np.testing.assert_array_equal(y[:, 1:, :-1], x[:, :-1, 1:])
    assert not y[:, 0].any() and not y[:, :, -1].any()
