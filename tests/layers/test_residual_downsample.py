import numpy as np
import pytest
from hypothesis import given
from support.helpers import channels, even_image_shapes, on_no_kink, seeds
from support.twins import defined

from minihit import gradcheck
from minihit.layers import residual_downsample
from minihit.ops import conv2d, leaky_relu


def example(seed, shape, c_out):
    rng = np.random.default_rng(seed)
    params = gradcheck.perturb(residual_downsample.init(rng, shape[-1], c_out), rng)
    return params, rng.standard_normal(shape), rng


@pytest.mark.parametrize("kind", residual_downsample.DOWNSAMPLES)
@given(shape=even_image_shapes(), c_out=channels, seed=seeds)
def test_gradients_agree_with_finite_differences(kind, shape, c_out, seed):
    params, x, rng = example(seed, shape, c_out)
    with on_no_kink():
        gradcheck.check_layer(residual_downsample, params, x, rng, kind=kind)
        gradcheck.check_tangent(residual_downsample, params, x, rng, kind=kind)


@pytest.mark.parametrize("kind", residual_downsample.DOWNSAMPLES)
def test_forward_is_the_definition(kind):
    params, x, _ = example(0, (2, 4, 6, 3), 5)
    down = residual_downsample.DOWNSAMPLES[kind]

    def conv(name, x):
        return defined(conv2d.forward, x, params[name]["weight"])[0] + params[name].get("bias", 0.0)

    h = down.forward(leaky_relu.forward(conv("conv1", x))[0])[0]
    main, skip = leaky_relu.forward(conv("conv2", h))[0], conv("skip", down.forward(x)[0])
    y, _ = residual_downsample.forward(params, x, kind)
    np.testing.assert_allclose(y, (main + skip) / np.sqrt(2), atol=1e-12)


def test_the_skip_has_no_bias():
    assert residual_downsample.init(np.random.default_rng(0), 2, 3)["skip"].keys() == {"weight"}


def test_all_kernels_come_from_the_initializer():
    params = residual_downsample.init(None, 2, 3, lambda rng, shape, fan_in, fan_out: np.full(shape, 7.0))
    assert {name: layer["weight"].shape for name, layer in params.items()} == {
        "conv1": (3, 3, 2, 2), "conv2": (3, 3, 2, 3), "skip": (1, 1, 2, 3)}
    assert all((layer["weight"] == 7.0).all() for layer in params.values())
