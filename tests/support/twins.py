"""An op on both sides of the switch: its tuned twin must compute what its definition says."""

from unittest import mock

import numpy as np
import pytest
from support.helpers import normal

from minihit import backend
from minihit.ops.switch import plain

DTYPES = (np.float64, np.float32)
TOLERANCE = {np.float64: 1e-11, np.float32: 2e-5}                         # of the largest value


every_way = pytest.mark.parametrize("on_gpu", [False, True], ids=["as on a CPU", "as on a GPU"])


def going(on_gpu):
    """A context in which twins take the way that they have for a GPU, with NumPy, or that for a CPU."""
    return mock.patch.object(backend, "on_gpu", lambda x: on_gpu)


def defined(function, *args, **options):
    """What a function computes where the program is plain."""
    with plain():
        return function(*args, **options)


def assert_twin_agrees(op, *inputs, dy=None, **options):
    """Output and gradients of the twin against the definition's, in shape, dtype and value."""
    (y, cache), (expected, expected_cache) = op.forward(*inputs, **options), defined(op.forward, *inputs, **options)
    assert_close([y], [expected])
    dy = normal(7, *y.shape, dtype=y.dtype.type) if dy is None else dy
    assert_close(_list(op.backward(dy, cache)), _list(defined(op.backward, dy, expected_cache)))


def assert_close(actual, expected):
    """Lists of arrays that agree up to rounding."""
    for found, plainly in zip(actual, expected, strict=True):
        assert (found.shape, found.dtype) == (plainly.shape, plainly.dtype)
        scale = max(1.0, float(np.abs(plainly).max()))
        np.testing.assert_allclose(found, plainly, rtol=0, atol=TOLERANCE[plainly.dtype.type] * scale)


def _list(gradients):
    return list(gradients) if isinstance(gradients, tuple) else [gradients]
