"""What every layer and op promises: shapes, dtypes, nothing mutated, any memory layout, the keys of its parameters."""

import importlib
import inspect
import pkgutil
from dataclasses import replace
from importlib import resources
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from support.helpers import assert_same, cast, normal, seeds
from support.networks import DISCRIMINATORS, GENERATORS, discriminators, generators, make_discriminator, make_generator

from minihit import gradcheck, tree
from minihit.layers import (
    attention_block,
    batch_norm,
    conv2d,
    cross_attention,
    latent_tokens,
    layer_norm,
    linear,
    mlp,
    multi_axis_attention,
    norm,
    residual_downsample,
    to_rgb,
)
from minihit.layers.norm import How
from minihit.models import discriminator, hit
from minihit.ops import (
    attend,
    augment,
    average_downsample,
    blur_downsample,
    feed_forward,
    gelu,
    leaky_relu,
    minibatch_stddev,
    pixel_shuffle,
    softmax,
    upsample,
)

IMAGE, WINDOWS, TOKENS = (4, 4, 6, 8), (2, 3, 4, 8), (2, 3, 5)
AVERAGES = {"mean": normal(1, 8), "variance": 1 + normal(2, 8) ** 2}
DRAWS = augment.draw(np.random.default_rng(3), 4, 8)


def case(module, *shapes, params=None, **options):
    """A row of the table: the module, the shapes of its inputs, how its parameters are made, its options."""
    return SimpleNamespace(module=module, shapes=shapes, params=params, options=options)


def init(module, *args, **kwargs):
    """Parameters in float64, off their starting values; a module that draws nothing takes no generator."""
    rng = np.random.default_rng(0)
    first = [rng] if next(iter(inspect.signature(module.init).parameters)) == "rng" else []
    return gradcheck.perturb(module.init(*first, *args, **kwargs), rng)


CASES = {
    "attend": case(attend, (2, 3, 4, 5), (2, 6, 4, 5), (2, 6, 4, 5)),
    "attend, shared": case(attend, (2, 3, 4, 5), (2, 6, 1, 5), (2, 6, 1, 5)),
    "augment": case(augment, (4, 8, 8, 3), draws=DRAWS),
    "average_downsample": case(average_downsample, IMAGE),
    "blur_downsample": case(blur_downsample, (2, 5, 6, 3)),
    "feed_forward": case(feed_forward, IMAGE, params={name: init(mlp, 8)[name] for name in ("expand", "contract")}),
    "gelu": case(gelu, IMAGE),
    "leaky_relu": case(leaky_relu, IMAGE),
    "minibatch_stddev": case(minibatch_stddev, IMAGE),
    "pixel_shuffle": case(pixel_shuffle, IMAGE),
    "softmax": case(softmax, IMAGE, axis=-2),
    "upsample": case(upsample, IMAGE),
    "linear": case(linear, WINDOWS, params=init(linear, 8, (2, 3))),
    "linear, heads": case(linear, WINDOWS, params=init(linear, (4, 8), 3)),
    "conv2d": case(conv2d, IMAGE, params=init(conv2d, 8, 5)),
    "conv2d, Winograd": case(conv2d, (4, 16, 16, 64), params=init(conv2d, 64, 64)),
    "conv2d, 1 x 1": case(conv2d, IMAGE, params=init(conv2d, 8, 5, k=1, bias=False)),
    "batch_norm": case(batch_norm, IMAGE, params=init(batch_norm, 8)),
    "batch_norm, evaluation": case(batch_norm, IMAGE, params=init(batch_norm, 8), averages=AVERAGES),
    "layer_norm": case(layer_norm, IMAGE, params=init(layer_norm, 8)),
    "norm": case(norm, IMAGE, params=init(norm, 8), how=How("layer")),
    "mlp": case(mlp, IMAGE, params=init(mlp, 8), how=How("batch")),
    "mlp, evaluation": case(mlp, IMAGE, params=init(mlp, 8), how=How("batch", {"norm": AVERAGES})),
    "multi_axis_attention": case(multi_axis_attention, WINDOWS, params=init(multi_axis_attention, 8, 2)),
    "multi_axis_attention, multi-head":
        case(multi_axis_attention, WINDOWS, params=init(multi_axis_attention, 8, 2, multi_query=False)),
    "attention_block":
        case(attention_block, WINDOWS, params=init(attention_block, 8, 2), axes=("block",), how=How("batch")),
    "cross_attention": case(cross_attention, WINDOWS, TOKENS, params=init(cross_attention, 8, 2, 5)),
    "latent_tokens": case(latent_tokens, (4, 6), params=init(latent_tokens, 6, 3, 5), how=How("batch")),
    "to_rgb": case(to_rgb, IMAGE, params=init(to_rgb, 8), how=How("batch")),
    "residual_downsample": case(residual_downsample, IMAGE, params=init(residual_downsample, 8, 5)),
    "residual_downsample, average":
        case(residual_downsample, IMAGE, params=init(residual_downsample, 8, 5), kind="average"),
    **{f"generator, {name}": case(hit, (2, 3), config=config,
                                  params=make_generator(config, np.random.default_rng(4))[0])
       for name, config in GENERATORS.items()},
    **{f"discriminator, {name}": case(discriminator, (4, 16, 16, 3), config=config,
                                      params=make_discriminator(config, np.random.default_rng(5))[0])
       for name, config in DISCRIMINATORS.items()},
}
TOLERANCE = {np.float64: 1e-10, np.float32: 2e-3}
LAYOUTS = {
    "transposed": lambda x: np.ascontiguousarray(x.T).T,
    "strided": lambda x: np.repeat(x, 2, axis=-1)[..., ::2],
    "negative strides": lambda x: np.ascontiguousarray(x[..., ::-1])[..., ::-1],
}
every_case = pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
every_dtype = pytest.mark.parametrize("dtype", TOLERANCE)


def arguments(case, dtype):
    """params, inputs, options, all floating-point arrays in the dtype."""
    inputs = [normal(index, *shape, dtype=dtype) for index, shape in enumerate(case.shapes)]
    options = {name: in_dtype(value, dtype) for name, value in case.options.items()}
    return None if case.params is None else cast(case.params, dtype), inputs, options


def in_dtype(option, dtype):
    """Running averages are numbers of the network like any other."""
    if isinstance(option, How) and option.averages:
        return replace(option, averages=cast(option.averages, dtype))
    return cast(option, dtype) if option is AVERAGES else option


def forward(case, params, inputs, options):
    return case.module.forward(*([] if params is None else [params]), *inputs, **options)


def run(case, dtype):
    """Everything there is after one forward and one backward."""
    params, inputs, options = arguments(case, dtype)
    y, cache = forward(case, params, inputs, options)
    dy = normal(9, *y.shape, dtype=dtype)
    return SimpleNamespace(params=params, inputs=inputs, options=options, y=y, cache=cache, dy=dy,
                           gradients=gradients(case, dy, cache))


def gradients(case, dy, cache):
    """A list: the gradients of the inputs and, last, those of the parameters."""
    found = case.module.backward(dy, cache)
    return list(found) if isinstance(found, tuple) else [found]


def arrays(leaves):
    return {path: leaf for path, leaf in tree.items(leaves) if hasattr(leaf, "dtype")}


def snapshot(leaves):
    return {path: leaf.copy() for path, leaf in arrays(leaves).items()}


def assert_close(actual, expected, dtype):
    actual, expected = arrays(actual), arrays(expected)
    assert actual.keys() == expected.keys()
    for path, leaf in expected.items():
        scale = max(1.0, float(np.abs(leaf).max()))
        np.testing.assert_allclose(actual[path], leaf, rtol=0, atol=TOLERANCE[dtype] * scale, err_msg=path)


@every_case
def test_gradients_have_the_shapes_and_the_keys_of_what_they_belong_to(case):
    r = run(case, np.float64)
    expected = r.inputs if case.params is None else [*r.inputs, r.params]
    assert len(r.gradients) == len(expected)
    assert ({path: leaf.shape for path, leaf in tree.items(r.gradients)}
            == {path: leaf.shape for path, leaf in tree.items(expected)})


@every_dtype
@every_case
def test_every_array_keeps_the_dtype(case, dtype):
    """No float64 anywhere in float32: output, cache, gradients; only masks are of another kind."""
    r = run(case, dtype)
    found = {path: leaf.dtype for path, leaf in arrays([r.y, r.cache, r.gradients]).items()
             if not any(leaf is draw for draw in DRAWS.values())}
    assert {path: kind for path, kind in found.items() if kind not in (dtype, np.bool_)} == {}


@every_case
def test_nothing_is_modified(case):
    params, inputs, options = arguments(case, np.float64)
    given = [*inputs] if params is None else [*inputs, params]
    before = snapshot([given, options])
    y, cache = forward(case, params, inputs, options)
    assert_same(arrays([given, options]), before)
    dy = normal(9, *y.shape)
    before = snapshot([given, options, y, cache, dy])
    gradients(case, dy, cache)
    assert_same(arrays([given, options, y, cache, dy]), before)


@every_case
def test_backward_twice_gives_identical_arrays(case):
    r = run(case, np.float64)
    assert_same(gradients(case, r.dy, r.cache), r.gradients)


@every_case
@given(seed=seeds)
def test_backward_is_linear(case, seed):
    assert_backward_is_linear(case, seed)


@given(generators(), seeds)
def test_backward_of_any_generator_is_linear(config, seed):
    params, z, averages = make_generator(config, np.random.default_rng(seed))
    assert_backward_is_linear(case(hit, z.shape, config=config, params=params, averages=averages), seed)


@given(discriminators(), seeds)
def test_backward_and_tangent_of_any_discriminator_are_linear(config, seed):
    params, images = make_discriminator(config, np.random.default_rng(seed))
    any_case = case(discriminator, images.shape, config=config, params=params)
    assert_backward_is_linear(any_case, seed)
    assert_tangent_is_linear_and_the_transpose_of_backward(any_case, seed)


def assert_backward_is_linear(case, seed):
    r = run(case, np.float64)
    a, b, other = *np.random.default_rng(seed).standard_normal(2), normal(seed, *r.y.shape)
    expected = tree.map(lambda one, two: a * one + b * two, r.gradients, gradients(case, other, r.cache))
    assert_close(gradients(case, a * r.dy + b * other, r.cache), expected, np.float64)


@pytest.mark.parametrize("name", [name for name, row in CASES.items() if hasattr(row.module, "tangent")])
@given(seed=seeds)
def test_a_tangent_is_linear_and_the_transpose_of_backward(name, seed):
    assert_tangent_is_linear_and_the_transpose_of_backward(CASES[name], seed)


def assert_tangent_is_linear_and_the_transpose_of_backward(case, seed):
    r, rng = run(case, np.float64), np.random.default_rng(seed)
    a, b = rng.standard_normal(2)
    one, two = (rng.standard_normal(r.inputs[0].shape) for _ in range(2))
    t_one, t_two, t_both = (tangent(case, t_x, r.cache) for t_x in (one, two, a * one + b * two))
    assert_close(t_both, a * t_one + b * t_two, np.float64)
    np.testing.assert_allclose((r.dy * t_one).sum(), (r.gradients[0] * one).sum(), rtol=1e-9, atol=1e-9)


def tangent(case, t_x, cache):
    found = case.module.tangent(t_x, cache)
    return found[0] if isinstance(found, tuple) else found


@every_case
def test_the_same_numbers_come_out_of_a_float32_run(case):
    single, double = run(case, np.float32), run(case, np.float64)
    assert_close(single.y, double.y, np.float32)


@pytest.mark.parametrize("layout", LAYOUTS)
@every_dtype
@every_case
def test_any_memory_layout_gives_the_same_result(case, dtype, layout):
    expected, arrange = run(case, dtype), LAYOUTS[layout]
    params = None if case.params is None else tree.map(arrange, expected.params)
    inputs = [arrange(x) for x in expected.inputs]
    y, cache = forward(case, params, inputs, expected.options)
    assert_close(y, expected.y, dtype)
    dy = arrange(expected.dy)
    np.testing.assert_array_equal(dy, expected.dy)
    assert_close(gradients(case, dy, cache), expected.gradients, dtype)


def test_every_layer_and_op_is_in_the_table():
    names = [f"minihit.{package}.{found.name}" for package in ("ops", "layers", "models")
             for found in pkgutil.iter_modules([str(resources.files("minihit") / package)])]
    modules = [importlib.import_module(name) for name in names]
    expected = {module.__name__ for module in modules if hasattr(module, "forward") and hasattr(module, "backward")}
    assert {row.module.__name__ for row in CASES.values()} == expected
