import numpy as np
from hypothesis import given
from support.helpers import channels, image_shapes, seeds

from minihit import gradcheck, tree
from minihit.layers import styled_rgb


def example(shape, width, seed):
    """params, x and w."""
    rng = np.random.default_rng(seed)
    params = gradcheck.perturb(styled_rgb.init(rng, shape[-1], width), rng)
    return params, rng.standard_normal(shape), rng.standard_normal((shape[0], width))


@given(image_shapes(), channels, seeds)
def test_gradients_agree_with_finite_differences(shape, width, seed):
    params, x, w = example(shape, width, seed)
    gradcheck.check_layer(styled_rgb, params, (x, w), np.random.default_rng(0))


@given(image_shapes(), channels, seeds)
def test_every_image_has_its_own_mixture_of_channels_which_is_not_demodulated(shape, width, seed):
    params, x, w = example(shape, width, seed)
    rgb, _ = styled_rgb.forward(params, x, w)
    style = w @ params["style"]["weight"] + params["style"]["bias"]
    expected = np.einsum("bhwc,bc,cd->bhwd", x, style, params["conv"]["weight"][0, 0]) + params["bias"]
    np.testing.assert_allclose(rgb, expected, atol=1e-11)


def test_starting_values():
    params = styled_rgb.init(np.random.default_rng(0), 4, 5)
    shapes = {path: leaf.shape for path, leaf in tree.items(params)}
    assert shapes == {"style/weight": (5, 4), "style/bias": (4,), "conv/weight": (1, 1, 4, 3), "bias": (3,)}
    assert (params["style"]["bias"] == 1.0).all() and not params["bias"].any()
