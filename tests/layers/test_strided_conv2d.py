from unittest import mock

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.helpers import channels, even_image_shapes, normal, seeds

from minihit import gradcheck, initializers
from minihit.layers import strided_conv2d
from minihit.ops import strided_conv2d as op


@given(even_image_shapes(), channels, st.sampled_from([2, 4]), seeds)
def test_gradients_agree_with_finite_differences(shape, c_out, k, seed):
    rng = np.random.default_rng(seed)
    params = gradcheck.perturb(strided_conv2d.init(rng, shape[-1], c_out, k), rng)
    gradcheck.check_layer(strided_conv2d, params, rng.standard_normal(shape), rng)


def test_it_is_the_op_with_its_bias_added_everywhere():
    params, x = {"weight": normal(0, 4, 4, 2, 3), "bias": normal(1, 3)}, normal(2, 2, 4, 6, 2)
    y, _ = strided_conv2d.forward(params, x)
    np.testing.assert_array_equal(y, op.forward(x, params["weight"])[0] + params["bias"])


@pytest.mark.parametrize("options, shape, fan_in, fan_out", [
    ({}, (4, 4, 2, 7), 4 * 4 * 2, 2 * 2 * 7), ({"k": 6}, (6, 6, 2, 7), 6 * 6 * 2, 3 * 3 * 7)])
def test_a_pixel_of_x_is_met_by_a_quarter_of_the_kernel(options, shape, fan_in, fan_out):
    with mock.patch.object(initializers, "glorot_uniform", return_value=np.zeros(shape)) as draw:
        params = strided_conv2d.init("rng", 2, 7, **options)
    draw.assert_called_once_with("rng", shape, fan_in=fan_in, fan_out=fan_out)
    assert params.keys() == {"weight", "bias"} and params["bias"].shape == (7,)
