"""What many tests share: Hypothesis draws shapes, options and a seed; NumPy draws the values."""

from contextlib import contextmanager

import numpy as np
from hypothesis import reject
from hypothesis import strategies as st

from minihit import gradcheck, tree
from minihit.gradcheck.derivatives import NotSmooth

seeds = st.integers(0, 2**32 - 1)
batches = st.integers(1, 3)
sides = st.integers(1, 7)
channels = st.integers(1, 5)


def image_shapes(side=sides, c=channels, b=batches):
    """(B, H, W, C) with heights and widths of their own."""
    return st.tuples(b, side, side, c)


def even_image_shapes():
    return image_shapes(side=st.integers(1, 4).map(lambda half: 2 * half))


def normal(seed, *shape, dtype=np.float64):
    return np.random.default_rng(seed).standard_normal(shape).astype(dtype)


@contextmanager
def on_no_kink():
    """Where inputs happen to lie on a kink, Hypothesis draws others."""
    try:
        yield
    except NotSmooth:
        reject()


def off_zero(x, distance=0.01):
    """x with every value moved away from zero, where a leaky ReLU has its kink."""
    return x + np.where(x > 0, distance, -distance).astype(x.dtype)


def cast(arrays, dtype):
    return tree.map(lambda leaf: leaf.astype(dtype), arrays)


def assert_same(actual, expected):
    """Two trees with the same keys and the very same numbers."""
    actual, expected = dict(tree.items(actual)), dict(tree.items(expected))
    assert actual.keys() == expected.keys()
    for path in expected:
        np.testing.assert_array_equal(actual[path], expected[path], err_msg=path)


def assert_adjoint(forward, backward, x, dy):
    """<dy, forward(x)> = <backward(dy), x>: what makes backward the transpose of a linear forward."""
    np.testing.assert_allclose((dy * forward(x)).sum(), (backward(dy) * x).sum(), rtol=1e-10, atol=1e-10)


def assert_gradients_agree(found, expected, name, rtol=1e-8, atol=1e-10):
    """What a network's backward returns, (dx, grads), is that of autograd, (dx, grads), leaf by leaf; name: of x."""
    (dx, grads), (expected_dx, expected_grads) = found, expected
    leaves = dict(tree.items(expected_grads))
    assert leaves.keys() == dict(tree.items(grads)).keys()
    gradcheck.assert_close(dx, expected_dx, name, rtol=rtol, atol=atol)
    for path, leaf in tree.items(grads):
        gradcheck.assert_close(leaf, leaves[path], path, rtol=rtol, atol=atol)
