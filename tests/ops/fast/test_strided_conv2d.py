"""Large products and whole squares against the definition."""

from unittest import mock

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.helpers import channels, even_image_shapes, normal, seeds
from support.twins import DTYPES, assert_twin_agrees, every_way, going

from minihit import gradcheck
from minihit.ops import strided_conv2d
from minihit.ops.fast import columns as neighbour
from minihit.ops.fast import strided_conv2d as twin

examples = {"shape": even_image_shapes(), "k": st.sampled_from([2, 4, 6]), "c_out": channels, "seed": seeds}


def example(shape, k, c_out, seed, dtype=np.float64):
    """x and weight."""
    return normal(seed, *shape, dtype=dtype), normal(seed + 1, k, k, shape[-1], c_out, dtype=dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@every_way
@given(**examples)
def test_it_computes_what_its_definition_says(on_gpu, dtype, **drawn):
    with going(on_gpu):
        assert_twin_agrees(strided_conv2d, *example(**drawn, dtype=dtype))


@every_way
@given(**examples)
def test_gradients_agree_with_finite_differences(on_gpu, **drawn):
    with going(on_gpu):
        gradcheck.check_layer(strided_conv2d, None, example(**drawn), np.random.default_rng(0))


def directions():
    """{name: what it computes of five images of 8 x 6 pixels and 3 channels, by a kernel of 4 x 4}."""
    x, weight, dy = normal(0, 5, 8, 6, 3), normal(1, 4, 4, 3, 7), normal(2, 5, 4, 3, 7)
    cache = {"x": x, "weight": weight}
    return {"forward": lambda: strided_conv2d.forward(x, weight)[0],
            "input_gradient": lambda: strided_conv2d.input_gradient(dy, cache),
            "weight_gradient": lambda: strided_conv2d.weight_gradient(dy, cache)}


@pytest.mark.parametrize("name", directions())
def test_images_processed_in_groups_give_the_same(name):
    whole = directions()[name]()
    with mock.patch.object(neighbour, "_CACHED", 1):
        np.testing.assert_allclose(directions()[name](), whole, atol=1e-12)


@pytest.mark.parametrize("images, expected", [(2, [2, 2, 1]), (0.5, [1, 1, 1, 1, 1])])
@pytest.mark.parametrize("name", directions())
def test_as_many_images_at_a_time_as_fit_in_the_cache(name, images, expected):
    """Laid out are 4 x 4 x 3 values for each of the 4 x 3 pixels of an image's y."""
    taken = []

    def noted(*arguments):
        taken.extend(neighbour_groups(*arguments))
        return taken

    neighbour_groups = neighbour.groups
    with mock.patch.object(neighbour, "_CACHED", int(images * 4 * 3 * 4 * 4 * 3)), \
            mock.patch.object(neighbour, "groups", noted), mock.patch.object(twin, "groups", noted):
        directions()[name]()
    assert [len(range(5)[part]) for part in taken] == expected
