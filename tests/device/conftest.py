"""The devices that the tests of this folder run on: the strict double, and CuPy itself with -m gpu."""

from types import SimpleNamespace

import numpy as np
import pytest
import strict_cupy
from support.helpers import assert_same
from threadpoolctl import threadpool_limits

from minihit import backend, tree
from minihit.backend import to_host
from minihit.ops.fast import gelu

ROUNDING = 2**14                                                          # epsilons, of the largest value around


def assert_close(actual, expected):
    """Trees that agree leaf by leaf up to rounding; a leaf that is all rounding is measured by the largest leaf."""
    actual, expected = dict(tree.items(actual)), dict(tree.items(expected))
    assert actual.keys() == expected.keys()
    largest = max(float(np.abs(leaf).max(initial=0.0)) for leaf in expected.values())
    for path, leaf in expected.items():
        assert (actual[path].shape, actual[path].dtype) == (leaf.shape, leaf.dtype), path
        scale = max(float(np.abs(leaf).max(initial=0.0)), 1e-3 * largest)
        epsilon = np.finfo(leaf.dtype).eps if leaf.dtype.kind == "f" else 0.0
        np.testing.assert_allclose(actual[path], leaf, rtol=0, atol=ROUNDING * epsilon * scale, err_msg=path)


@pytest.fixture(params=["double", pytest.param("cupy", marks=pytest.mark.gpu)])
def gpu(request, monkeypatch):
    """agree(device tree, host tree); exact: whether that means the same bits; near: agree up to rounding, even of the
    double; transfers, counted by the double alone.

    The double computes with NumPy, so nothing may differ once both sides take the same GELU, the same kernels where a
    GPU has its own, and one thread.
    """
    if request.param == "cupy":
        pytest.importorskip("cupy")
        yield SimpleNamespace(agree=_near, near=_near, exact=False, transfers=None)
        return
    strict_cupy.install(monkeypatch)
    monkeypatch.setattr(gelu, "_fast", lambda x: False)
    monkeypatch.setattr(backend, "on_gpu", lambda x: True)
    with threadpool_limits(limits=1, user_api="blas"):
        yield SimpleNamespace(agree=lambda a, b: assert_same(to_host(a), b), near=_near, exact=True,
                              transfers=strict_cupy.transfers)


def _near(device_tree, host_tree):
    assert_close(to_host(device_tree), host_tree)


@pytest.fixture
def double(monkeypatch):
    """The module that stands for cupy."""
    strict_cupy.install(monkeypatch)
    import cupy

    return cupy
