"""Both routes, neighbourhoods as rows and Winograd's tiles, against the definition, and either as a GPU goes it."""

from contextlib import contextmanager
from unittest import mock

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.helpers import channels, even_image_shapes, image_shapes, normal, seeds
from support.twins import DTYPES, assert_close, assert_twin_agrees, defined, going

from minihit import gradcheck
from minihit.ops import conv2d
from minihit.ops.fast import columns, winograd
from minihit.ops.fast import conv2d as twin

# route: (fewest channels for Winograd, shapes, kernel sizes)
ROUTES = {"rows": (10**9, image_shapes(), st.sampled_from([1, 3, 5])), "winograd": (1, even_image_shapes(), st.just(3))}
every_route = pytest.mark.parametrize("route", [*ROUTES, *(f"{route}, GPU" for route in ROUTES)])
of_a_cpu = pytest.mark.parametrize("route", ROUTES)
examples = {"data": st.data(), "c_out": channels, "seed": seeds}


def example(route, data, c_out, seed, dtype=np.float64):
    """x and weight for a drawn shape and kernel size."""
    _, shapes, kernels = ROUTES[route.removesuffix(", GPU")]
    shape, k = data.draw(shapes), data.draw(kernels)
    return normal(seed, *shape, dtype=dtype), normal(seed + 1, k, k, shape[-1], c_out, dtype=dtype)


@contextmanager
def taking(route, images=100):
    """Send every convolution along the route, so many 6 x 6 images of 3 channels at a time."""
    few = ROUTES[route.removesuffix(", GPU")][0]
    with mock.patch.multiple(twin, _FEW_CHANNELS=few, _FEW_PIXELS=1), going("GPU" in route), \
            mock.patch.object(columns, "_CACHED", images * 6 * 6 * 3 * 4):
        yield


def both(x, weight, dy):
    """The output and the weight's gradient."""
    y, cache = conv2d.forward(x, weight)
    return y, conv2d.weight_gradient(dy, cache)


@pytest.mark.parametrize("dtype", DTYPES)
@every_route
@given(**examples)
def test_it_computes_what_its_definition_says(route, dtype, **drawn):
    with taking(route):
        assert_twin_agrees(conv2d, *example(route, **drawn, dtype=dtype))


@every_route
@given(**examples)
def test_gradients_agree_with_finite_differences(route, **drawn):
    with taking(route):
        gradcheck.check_layer(conv2d, None, example(route, **drawn), np.random.default_rng(0))


@every_route
@given(**examples)
def test_the_weights_gradient_can_be_that_of_another_input(route, **drawn):
    x, weight = example(route, **drawn)
    other, dy = np.random.default_rng(1).standard_normal(x.shape), normal(2, *x.shape[:3], weight.shape[-1])
    with taking(route):
        found = conv2d.weight_gradient(dy, conv2d.forward(x, weight)[1], other)
        np.testing.assert_array_equal(found, both(other, weight, dy)[1])


@every_route
@given(**examples)
def test_a_bias_and_what_else_reaches_x_are_added(route, **drawn):
    x, weight = example(route, **drawn)
    bias, dy, other = normal(1, weight.shape[-1]), normal(2, *x.shape[:3], weight.shape[-1]), normal(3, *x.shape)
    with taking(route):
        y, cache = conv2d.forward(x, weight, bias)
        found = [y, conv2d.input_gradient(dy, cache, other), conv2d.tangent(x, cache)]
        assert_close(found, [defined(conv2d.forward, x, weight, bias)[0],
                             defined(conv2d.input_gradient, dy, cache) + other,
                             defined(conv2d.forward, x, weight)[0]])


@pytest.mark.parametrize("dtype", DTYPES)
@every_route
@given(**examples)
def test_it_rectifies_what_it_has_convolved(route, dtype, **drawn):
    x, weight = example(route, **drawn, dtype=dtype)
    bias = normal(1, weight.shape[-1], dtype=dtype)
    expected, cache = defined(conv2d.rectified, x, weight, bias)
    with taking(route):
        y, found = conv2d.rectified(x, weight, bias)
        assert_close([y, conv2d.tangent(x, found)], [expected, defined(conv2d.tangent, x, cache)])
    assert found["positive"].dtype == bool
    np.testing.assert_array_equal(found["positive"], y > 0)


@every_route
def test_a_cache_without_the_transformed_kernel_will_do(route):
    x, weight, dy = normal(0, 2, 6, 6, 3), normal(1, 3, 3, 3, 4), normal(2, 2, 6, 6, 4)
    cache = {"x": x, "weight": weight}
    with taking(route):
        found = [conv2d.input_gradient(dy, cache), conv2d.weight_gradient(dy, cache)]
        assert_close(found, [defined(conv2d.input_gradient, dy, cache), defined(conv2d.weight_gradient, dy, cache)])


@of_a_cpu
def test_images_processed_in_groups_give_the_same(route):
    arrays = normal(0, 5, 6, 6, 3), normal(1, 3, 3, 3, 4), normal(2, 5, 6, 6, 4)
    with taking(route, images=5):
        whole = both(*arrays)
    with taking(route, images=2):
        groups = both(*arrays)
    for one, other in zip(whole, groups, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-12)


@pytest.mark.parametrize("images, expected", [(2, [2, 2, 1]), (0.5, [1, 1, 1, 1, 1])])
@pytest.mark.parametrize("route, values", [("rows", 8 * 6 * 9 * 3), ("winograd", 8 * 6 * 4 * 3)])
def test_as_many_images_at_a_time_as_fit_in_the_cache(route, values, images, expected):
    x, weight, dy = normal(0, 5, 8, 6, 3), normal(1, 3, 3, 3, 4), normal(2, 5, 8, 6, 4)
    cache = {"x": x, "weight": weight}
    for work in (lambda: conv2d.forward(x, weight), lambda: conv2d.weight_gradient(dy, cache)):
        module = twin if route == "winograd" else columns
        with taking(route), mock.patch.object(columns, "_CACHED", int(images * values)), \
                mock.patch.object(module, "pad", wraps=module.pad) as pad:
            work()
        assert [len(call.args[0]) for call in pad.call_args_list] == expected


@pytest.mark.parametrize("shape, c_out, k, expected", [
    ((4, 16, 16, 64), 64, 3, True), ((1, 16, 16, 64), 64, 3, True), ((1, 14, 18, 64), 64, 3, False),
    ((4, 16, 16, 64), 64, 1, False), ((4, 16, 15, 64), 64, 3, False), ((4, 15, 16, 64), 64, 3, False),
    ((4, 16, 16, 63), 64, 3, False), ((4, 16, 16, 64), 63, 3, False),
])
def test_winograd_takes_the_wide_even_and_large(shape, c_out, k, expected):
    x, weight = normal(0, *shape), normal(1, k, k, shape[-1], c_out)
    with mock.patch.object(winograd, "transform_input", wraps=winograd.transform_input) as route:
        conv2d.forward(x, weight)
        assert route.called == expected
        route.reset_mock()
        conv2d.weight_gradient(normal(2, *shape[:3], c_out), {"x": x, "weight": weight})
        assert route.called == expected
