"""What every layer and op promises: shapes, dtypes, nothing mutated, any memory layout, the keys of its parameters."""

import inspect
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from support.helpers import assert_same, normal, seeds
from support.networks import discriminators, generators

from minihit import gradcheck, tree
from minihit.gradcheck.checks import Check, draw
from minihit.gradcheck.precision import cast
from minihit.gradcheck.table import CHECKS
from minihit.models import discriminator, hit

TOLERANCE = {np.float64: 1e-10, np.float32: 2e-3}
LAYOUTS = {
    "transposed": lambda x: np.ascontiguousarray(x.T).T,
    "strided": lambda x: np.repeat(x, 2, axis=-1)[..., ::2] if x.ndim else x,
    "negative strides": lambda x: np.ascontiguousarray(x[::-1])[::-1] if x.ndim else x,
}
every_case = pytest.mark.parametrize("case", CHECKS.values(), ids=CHECKS.keys())
every_dtype = pytest.mark.parametrize("dtype", TOLERANCE)


def arguments(case, dtype, seed=0):
    """params, inputs, options, all floating-point arrays in the dtype."""
    return cast(draw(case, np.random.default_rng(seed)), dtype)


def forward(case, params, inputs, options):
    return case.layer.forward(*([] if params is None else [params]), *inputs, **options)


def run(case, dtype, seed=0):
    """Everything there is after one forward and one backward."""
    params, inputs, options = arguments(case, dtype, seed)
    y, cache = forward(case, params, inputs, options)
    dy = normal(9, *y.shape, dtype=dtype)
    return SimpleNamespace(params=params, inputs=inputs, options=options, y=y, cache=cache, dy=dy,
                           gradients=gradients(case, dy, cache))


def gradients(case, dy, cache):
    """A list: the gradients of the inputs and, last, those of the parameters."""
    found = case.layer.backward(dy, cache)
    return list(found) if isinstance(found, tuple) else [found]


def arrays(leaves):
    return {path: leaf for path, leaf in tree.items(leaves) if hasattr(leaf, "dtype")}


def snapshot(leaves):
    return {path: leaf.copy() for path, leaf in arrays(leaves).items()}


def assert_close(actual, expected, dtype):
    actual, expected = arrays(actual), arrays(expected)
    assert actual.keys() == expected.keys()
    sizes = {path: float(np.abs(leaf).max()) for path, leaf in expected.items()}
    for path, leaf in expected.items():                                   # one that is all rounding: by the largest
        scale = max(1.0, sizes[path], 1e-3 * max(sizes.values()))
        np.testing.assert_allclose(actual[path], leaf, rtol=0, atol=TOLERANCE[dtype] * scale, err_msg=path)


@every_case
def test_gradients_have_the_shapes_and_the_keys_of_what_they_belong_to(case):
    r = run(case, np.float64)
    expected = [*r.inputs] if case.init is None else [*r.inputs, r.params]
    assert len(r.gradients) == len(expected)
    assert ({path: leaf.shape for path, leaf in tree.items(r.gradients)}
            == {path: leaf.shape for path, leaf in tree.items(expected)})


@every_dtype
@every_case
def test_every_array_keeps_the_dtype(case, dtype):
    """No float64 anywhere in float32: output, cache, gradients; only masks are of another kind."""
    r = run(case, dtype)
    drawn = [leaf for _, leaf in tree.items(r.options)]
    found = {path: leaf.dtype for path, leaf in arrays([r.y, r.cache, r.gradients]).items()
             if not any(leaf is option for option in drawn)}
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
    def averages(rng):
        return gradcheck.perturb(hit.init_averages(config), rng, scale=0.1)

    any_case = Check(hit, ((2, *config.z_shape),), lambda rng: hit.init(rng, config),
                     {"config": config, "averages": averages})
    assert_backward_is_linear(any_case, seed)


@given(discriminators(), seeds)
def test_backward_and_tangent_of_any_discriminator_are_linear(config, seed):
    any_case = Check(discriminator, ((4, config.size, config.size, 3),), lambda rng: discriminator.init(rng, config),
                     {"config": config})
    assert_backward_is_linear(any_case, seed)
    assert_tangent_is_linear_and_the_transpose_of_backward(any_case, seed)


def assert_backward_is_linear(case, seed):
    r = run(case, np.float64, seed)
    a, b, other = *np.random.default_rng(seed).standard_normal(2), normal(seed, *r.y.shape)
    expected = tree.map(lambda one, two: a * one + b * two, r.gradients, gradients(case, other, r.cache))
    assert_close(gradients(case, a * r.dy + b * other, r.cache), expected, np.float64)


@pytest.mark.parametrize("name", [name for name, case in CHECKS.items() if hasattr(case.layer, "tangent")])
@given(seed=seeds)
def test_a_tangent_is_linear_and_the_transpose_of_backward(name, seed):
    assert_tangent_is_linear_and_the_transpose_of_backward(CHECKS[name], seed)


def assert_tangent_is_linear_and_the_transpose_of_backward(case, seed):
    r, rng = run(case, np.float64, seed), np.random.default_rng(seed)
    a, b = rng.standard_normal(2)
    moving = r.inputs[:len(inspect.signature(case.layer.tangent).parameters) - 1]
    one, two = ([rng.standard_normal(x.shape) for x in moving] for _ in range(2))
    both = [a * t_one + b * t_two for t_one, t_two in zip(one, two, strict=True)]
    t_one, t_two, t_both = (tangent(case, t_inputs, r.cache) for t_inputs in (one, two, both))
    assert_close(t_both, a * t_one + b * t_two, np.float64)
    moved = sum((dx * t_x).sum() for dx, t_x in zip(r.gradients, one, strict=False))
    np.testing.assert_allclose((r.dy * t_one).sum(), moved, rtol=1e-9, atol=1e-9)


def tangent(case, t_inputs, cache):
    found = case.layer.tangent(*t_inputs, cache)
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
    params = None if case.init is None else tree.map(arrange, expected.params)
    inputs = [arrange(x) for x in expected.inputs]
    y, cache = forward(case, params, inputs, expected.options)
    assert_close(y, expected.y, dtype)
    dy = arrange(expected.dy)
    np.testing.assert_array_equal(dy, expected.dy)
    assert_close(gradients(case, dy, cache), expected.gradients, dtype)
