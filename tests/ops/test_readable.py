"""Every op beside its readable twin, on many shapes and in both dtypes."""

import pkgutil

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.helpers import batches, channels, even_image_shapes, image_shapes, seeds

from minihit import ops
from minihit.bench import pairs
from minihit.bench.pairs import PAIRS
from minihit.ops import augment, conv2d, winograd

TOLERANCE = {np.float64: 1e-11, np.float32: 2e-5}                         # of the largest value
few, small = st.integers(1, 4), st.integers(1, 6)


@st.composite
def convolutions(draw, shapes, kernels, c_out=channels):
    shape, k = draw(shapes), draw(kernels)
    return [shape, (k, k, shape[-1], draw(c_out))], {}


@st.composite
def attentions(draw, shared):
    leading, (q, k, n, d) = draw(st.lists(few, max_size=2)), draw(st.tuples(small, small, few, small))
    key = (*leading, k, 1 if shared else n, d)
    return [(*leading, q, n, d), key, key], {}


@st.composite
def windowed(draw, merged):
    b, c, p, q, rows = draw(st.tuples(batches, channels, few, few, few))
    side = rows * p * q                                                   # of a square image
    shape = (b, side * side // (p * q), p * q, c) if merged else (b, side, side, c)
    return [shape], {"window": (p, q), **({"side": side} if merged else {})}


@st.composite
def augmented(draw):
    b, side, policy = draw(batches), draw(st.integers(1, 9)), draw(st.permutations(list(augment.POLICIES)))
    return [(b, side, side, 3)], {"draws": lambda rng: augment.draw(rng, b, side), "policy": tuple(policy)}


def one(shapes, **options):
    return shapes.flatmap(lambda shape: st.fixed_dictionaries(options).map(lambda chosen: ([shape], chosen)))


@st.composite
def layers(draw):
    rows, c, hidden, c_out = draw(st.lists(small, min_size=1, max_size=3)), draw(small), draw(small), draw(small)
    return [(*rows, c), (c, hidden), (hidden,), (hidden, c_out), (c_out,)], {}


anything = st.lists(small, min_size=1, max_size=4).map(tuple)
wide = st.integers(64, 68)
SHAPES = {
    "gelu": one(anything),
    "feed_forward": layers(),
    "leaky_relu": one(anything),
    "softmax": one(st.tuples(small, small, small), axis=st.sampled_from([-1, -2, 0])),
    "attend": attentions(shared=False),
    "attend, shared": attentions(shared=True),
    "conv2d": convolutions(image_shapes(), st.sampled_from([1, 3, 5])),
    "conv2d, Winograd": convolutions(st.tuples(few, st.sampled_from([32, 34]), st.just(32), wide), st.just(3), wide),
    "conv2d, 1 x 1": convolutions(image_shapes(), st.just(1)),
    "blur_downsample": one(image_shapes()),
    "average_downsample": one(even_image_shapes()),
    "upsample": one(image_shapes()),
    "pixel_shuffle": one(image_shapes(c=few.map(lambda quarter: 4 * quarter))),
    "windows, split": windowed(merged=False),
    "windows, merge": windowed(merged=True),
    "column_sum": one(anything),
    "minibatch_stddev": one(image_shapes(b=st.sampled_from([1, 2, 3, 4, 8, 12]))),
    "augment": augmented(),
}
every_pair = pytest.mark.parametrize("name", PAIRS)
every_dtype = pytest.mark.parametrize("dtype", TOLERANCE)


def assert_close(actual, expected, dtype):
    actual, expected = ([x] if isinstance(x, np.ndarray) else list(x) for x in (actual, expected))
    assert [x.dtype for x in actual] == [x.dtype for x in expected] == [dtype] * len(expected)
    for found, plain in zip(actual, expected, strict=True):
        assert found.shape == plain.shape
        scale = max(1.0, float(np.abs(plain).max()))
        np.testing.assert_allclose(found, plain, rtol=0, atol=TOLERANCE[dtype] * scale)


@every_dtype
@every_pair
@given(data=st.data(), seed=seeds)
def test_an_op_is_what_its_twin_says(name, dtype, data, seed):
    rng, (shapes, options) = np.random.default_rng(seed), data.draw(SHAPES[name])
    inputs, options = pairs.example(PAIRS[name], rng, dtype, shapes, options)
    dy = rng.standard_normal(PAIRS[name].twin(*inputs, **options).shape).astype(dtype)
    for op, twin in pairs.directions(PAIRS[name], inputs, options, dy).values():
        assert_close(op(), twin(), dtype)


@pytest.mark.parametrize("name", [name for name, pair in PAIRS.items() if pair.twin_backward])
@given(data=st.data(), seed=seeds)
def test_backward_is_linear_in_the_gradient_of_the_output(name, data, seed):
    rng, (shapes, options) = np.random.default_rng(seed), data.draw(SHAPES[name])
    inputs, options = pairs.example(PAIRS[name], rng, np.float64, shapes, options)
    y, cache = PAIRS[name].op.forward(*inputs, **options)
    a, b = rng.standard_normal(2)
    one, two = (rng.standard_normal(y.shape) for _ in range(2))
    parts = [PAIRS[name].op.backward(dy, cache) for dy in (one, two, a * one + b * two)]
    of_one, of_two, of_both = ([part] if isinstance(part, np.ndarray) else part for part in parts)
    assert_close(of_both, [a * dx + b * other for dx, other in zip(of_one, of_two, strict=True)], np.float64)


@every_pair
def test_an_op_is_what_its_twin_says_at_the_sizes_of_a_network(name):
    inputs, options = pairs.example(PAIRS[name], np.random.default_rng(0))
    for op, twin in pairs.directions(PAIRS[name], inputs, options).values():
        assert_close(op(), twin(), np.float32)


def test_the_wide_convolution_takes_winograds_route(monkeypatch):
    taken = []
    monkeypatch.setattr(winograd, "forward", lambda *args, **options: taken.append(args))
    inputs, _ = pairs.example(PAIRS["conv2d, Winograd"], np.random.default_rng(0))
    conv2d.forward(*inputs)
    assert taken


def test_every_op_has_a_twin():
    """Of strips nothing is computed; Winograd's tiles are a way to convolve."""
    names = {found.name for found in pkgutil.iter_modules(ops.__path__)} - {"readable", "strips", "winograd"}
    assert names == {name.split(",")[0] for name in PAIRS}
    assert SHAPES.keys() == PAIRS.keys()
