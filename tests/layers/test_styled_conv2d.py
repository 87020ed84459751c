import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.helpers import channels, image_shapes, on_no_kink, seeds

from minihit import gradcheck, tree
from minihit.layers import linear, modulated_conv2d, styled_conv2d
from minihit.ops import noisy_relu

examples = {"shape": image_shapes(side=st.integers(1, 4)), "c_out": channels, "width": channels, "up": st.booleans(),
            "seed": seeds}


def example(shape, c_out, width, up, seed):
    """params, x, w, noise."""
    (b, height, width_of_map, c), rng = shape, np.random.default_rng(seed)
    params = gradcheck.perturb(styled_conv2d.init(rng, c, c_out, width), rng)
    return (params, rng.standard_normal(shape), rng.standard_normal((b, width)),
            rng.standard_normal((b, (1 + up) * height, (1 + up) * width_of_map)))


@given(**examples)
def test_gradients_agree_with_finite_differences(up, **drawn):
    params, x, w, noise = example(up=up, **drawn)
    with on_no_kink():
        gradcheck.check_layer(styled_conv2d, params, (x, w), np.random.default_rng(0), noise=noise, up=up)


@given(**examples)
def test_it_is_its_parts_one_after_the_other(up, **drawn):
    params, x, w, noise = example(up=up, **drawn)
    y, _ = styled_conv2d.forward(params, x, w, noise, up)
    style, _ = linear.forward(params["style"], w)
    h, _ = modulated_conv2d.forward(params["conv"], x, style, up, demodulate=True)
    np.testing.assert_array_equal(y, noisy_relu.forward(h, params["strength"], params["bias"], noise)[0])


def test_sides_stay_unless_told():
    params, x, w, noise = example((2, 3, 4, 5), 6, 7, False, 0)
    assert styled_conv2d.forward(params, x, w, noise)[0].shape == (2, 3, 4, 6)


def test_starting_values():
    """A style of one where w is zero, no noise, no bias."""
    params = styled_conv2d.init(np.random.default_rng(0), 30, 20, 40)
    shapes = {path: leaf.shape for path, leaf in tree.items(params)}
    assert shapes == {"style/weight": (40, 30), "style/bias": (30,), "conv/weight": (3, 3, 30, 20), "strength": (1,),
                      "bias": (20,)}
    assert (params["style"]["bias"] == 1.0).all()
    assert not params["strength"].any() and not params["bias"].any()
    assert params["style"]["weight"].std() == pytest.approx(1.0, rel=0.1)
    assert {leaf.dtype for _, leaf in tree.items(params)} == {np.dtype(np.float32)}
