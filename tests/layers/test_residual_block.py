import numpy as np
from hypothesis import given
from support.helpers import channels, image_shapes, on_no_kink, seeds
from support.twins import defined

from minihit import gradcheck, tree
from minihit.layers import residual_block
from minihit.ops import conv2d


def example(seed, shape, hidden):
    rng = np.random.default_rng(seed)
    params = gradcheck.perturb(residual_block.init(rng, shape[-1], hidden), rng)
    return params, rng.standard_normal(shape), rng


@given(image_shapes(), channels, seeds)
def test_gradients_agree_with_finite_differences(shape, hidden, seed):
    params, x, rng = example(seed, shape, hidden)
    with on_no_kink():
        gradcheck.check_layer(residual_block, params, x, rng)


@given(image_shapes(), channels, seeds)
def test_forward_is_the_definition(shape, hidden, seed):
    params, x, _ = example(seed, shape, hidden)

    def leaky(x):
        return np.where(x > 0, x, 0.2 * x)

    def conv(name, x):
        return defined(conv2d.forward, x, params[name]["weight"])[0] + params[name]["bias"]

    y, _ = residual_block.forward(params, x)
    np.testing.assert_allclose(y, x + conv("conv2", leaky(conv("conv1", leaky(x)))), atol=1e-12)


def test_the_width_inside_is_an_argument():
    params = residual_block.init(np.random.default_rng(0), 8, 3)
    assert {path: leaf.shape for path, leaf in tree.items(params)} == {
        "conv1/weight": (3, 3, 8, 3), "conv1/bias": (3,), "conv2/weight": (1, 1, 3, 8), "conv2/bias": (8,)}
