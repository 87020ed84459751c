"""Both routes, neighbourhoods as rows and Winograd's tiles, against the definition."""

from unittest import mock

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.helpers import assert_adjoint, channels, even_image_shapes, image_shapes, normal, seeds

from minihit import gradcheck
from minihit.ops import conv2d, readable, winograd

# route: (fewest channels for Winograd, shapes, kernel sizes)
ROUTES = {"rows": (10**9, image_shapes(), st.sampled_from([1, 3, 5])), "winograd": (1, even_image_shapes(), st.just(3))}
TOLERANCE = {np.float64: 1e-12, np.float32: 3e-5}
every_route = pytest.mark.parametrize("route", ROUTES)
examples = {"data": st.data(), "c_out": channels, "seed": seeds}


def example(route, data, c_out, seed, dtype=np.float64):
    """x, weight and dy for a drawn shape and kernel size."""
    _, shapes, kernels = ROUTES[route]
    shape, k = data.draw(shapes), data.draw(kernels)
    return (normal(seed, *shape, dtype=dtype), normal(seed + 1, k, k, shape[-1], c_out, dtype=dtype),
            normal(seed + 2, *shape[:3], c_out, dtype=dtype))


def taking(route, images=100):
    """Send every convolution along the route, so many 6 x 6 images of 3 channels at a time."""
    return mock.patch.multiple(conv2d, _FEW_CHANNELS=ROUTES[route][0], _FEW_PIXELS=1, _CACHED=images * 6 * 6 * 3 * 4)


@pytest.mark.parametrize("dtype", TOLERANCE)
@every_route
@given(**examples)
def test_the_readable_version_agrees(route, dtype, **drawn):
    x, weight, _ = example(route, **drawn, dtype=dtype)
    with taking(route):
        y = conv2d.forward(x, weight)
    assert y.dtype == dtype
    np.testing.assert_allclose(y, readable.conv2d(x, weight), atol=TOLERANCE[dtype])


@every_route
@given(**examples)
def test_both_gradients_are_transposes_of_the_definition(route, **drawn):
    x, weight, dy = example(route, **drawn)
    with taking(route):
        assert_adjoint(lambda x: readable.conv2d(x, weight), lambda dy: conv2d.input_gradient(dy, weight), x, dy)
        assert_adjoint(lambda weight: readable.conv2d(x, weight),
                       lambda dy: conv2d.weight_gradient(x, dy, len(weight)), weight, dy)


@every_route
@given(**examples)
def test_gradients_agree_with_finite_differences(route, **drawn):
    x, weight, _ = example(route, **drawn)

    def forward(arguments):
        return [conv2d.forward(**arguments)], arguments

    def backward(douts, cache):
        dx = conv2d.input_gradient(douts[0], cache["weight"])
        return {"x": dx, "weight": conv2d.weight_gradient(cache["x"], douts[0], len(weight))}

    with taking(route):
        gradcheck.require(gradcheck.compare(forward, backward, {"x": x, "weight": weight}, np.random.default_rng(0)))


@every_route
def test_images_processed_in_groups_give_the_same(route):
    x, weight, dy = normal(0, 5, 6, 6, 3), normal(1, 3, 3, 3, 4), normal(2, 5, 6, 6, 4)
    with taking(route, images=5):
        whole = conv2d.forward(x, weight), conv2d.weight_gradient(x, dy, 3)
    with taking(route, images=2):
        groups = conv2d.forward(x, weight), conv2d.weight_gradient(x, dy, 3)
    for one, other in zip(whole, groups, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-12)


@pytest.mark.parametrize("images, expected", [(2, [2, 2, 1]), (0.5, [1, 1, 1, 1, 1])])
@pytest.mark.parametrize("route, values", [("rows", 8 * 6 * 9 * 3), ("winograd", 8 * 6 * 4 * 3)])
def test_as_many_images_at_a_time_as_fit_in_the_cache(route, values, images, expected):
    x, weight, dy = normal(0, 5, 8, 6, 3), normal(1, 3, 3, 3, 4), normal(2, 5, 8, 6, 4)
    for work in (lambda: conv2d.forward(x, weight), lambda: conv2d.weight_gradient(x, dy, 3)):
        with taking(route), mock.patch.object(conv2d, "_CACHED", int(images * values)), \
                mock.patch.object(conv2d, "_pad", wraps=conv2d._pad) as pad:
            work()
        assert [len(call.args[0]) for call in pad.call_args_list] == expected


@pytest.mark.parametrize("shape, c_out, k, expected", [
    ((4, 16, 16, 64), 64, 3, True), ((1, 16, 16, 64), 64, 3, True), ((1, 14, 18, 64), 64, 3, False),
    ((4, 16, 16, 64), 64, 1, False), ((4, 16, 15, 64), 64, 3, False), ((4, 15, 16, 64), 64, 3, False),
    ((4, 16, 16, 63), 64, 3, False), ((4, 16, 16, 64), 63, 3, False),
])
def test_winograd_takes_the_wide_even_and_large(shape, c_out, k, expected):
    with mock.patch.object(winograd, "transform_input", wraps=winograd.transform_input) as route:
        conv2d.forward(normal(0, *shape), normal(1, k, k, shape[-1], c_out))
        assert route.called == expected
        route.reset_mock()
        conv2d.weight_gradient(normal(0, *shape), normal(2, *shape[:3], c_out), k)
        assert route.called == expected


def test_a_kernel_with_a_single_one_shifts_the_image():
    x, weight = normal(3, 1, 4, 5, 1), np.zeros((3, 3, 1, 1))
    weight[0, 2] = 1.0                                                    # looks at the pixel above, to the right
    y = conv2d.forward(x, weight)
    np.testing.assert_array_equal(y[:, 1:, :-1], x[:, :-1, 1:])
    assert not y[:, 0].any() and not y[:, :, -1].any()
