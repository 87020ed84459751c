import math
import sys
from types import SimpleNamespace

import numpy as np
import pytest
from support.helpers import assert_same

from minihit import backend
from minihit.errors import UserError


def test_the_module_of_a_numpy_array_is_numpy():
    assert backend.array_module(np.zeros(3)) is np
    assert backend.array_module(np.float32(1)) is np


@pytest.mark.parametrize("dtype, tolerance", [(np.float64, 1e-15), (np.float32, 1e-7)])
def test_erf_keeps_the_dtype(dtype, tolerance):
    x = np.linspace(-4, 4, 33, dtype=dtype).reshape(3, 11)
    found = backend.erf(x)
    assert found.dtype == dtype and found.shape == x.shape
    np.testing.assert_allclose(found, np.vectorize(math.erf)(x), atol=tolerance)


def test_on_the_cpu_trees_move_without_a_copy():
    arrays = {"weight": np.ones(3), "blocks": [np.zeros(2)]}
    assert backend.to_device(arrays, "cpu") is arrays
    assert backend.to_host(arrays)["blocks"][0] is arrays["blocks"][0]
    assert_same(backend.to_host(arrays), arrays)


def test_the_cpu_can_always_be_had():
    assert backend.resolve_device("cpu") == "cpu"
    assert backend.device_module("cpu") is np


def test_an_unknown_device_is_refused():
    with pytest.raises(UserError, match="device 'tpu' is unknown: choose auto, cpu or gpu"):
        backend.resolve_device("tpu")


def broken_ones(shape):
    raise RuntimeError("no kernel image is available\nfor this device")


def cupy_stub(available=True, ones=np.ones):
    return SimpleNamespace(cuda=SimpleNamespace(is_available=lambda: available), ones=ones)


@pytest.mark.parametrize("cupy, problem", [
    (None, "CuPy is not installed"),
    (cupy_stub(available=False), "CuPy finds no CUDA device or driver"),
    (cupy_stub(ones=broken_ones), "the first product on it failed: no kernel image is available"),
])
def test_without_a_working_gpu_auto_is_the_cpu_and_gpu_is_refused(monkeypatch, cupy, problem):
    monkeypatch.setitem(sys.modules, "cupy", cupy)
    assert backend.resolve_device("auto") == "cpu"
    with pytest.raises(UserError, match=rf"no GPU can be used \({problem}"):
        backend.resolve_device("gpu")


def test_auto_takes_a_gpu_that_works(monkeypatch):
    monkeypatch.setitem(sys.modules, "cupy", cupy_stub())
    assert backend.gpu_problem() is None
    assert backend.resolve_device("auto") == backend.resolve_device("gpu") == "gpu"


def test_tf32_is_what_cupy_reads_from_the_environment(monkeypatch):
    monkeypatch.setenv("CUPY_TF32", "0")
    backend.allow_tf32()
    assert backend.os.environ["CUPY_TF32"] == "1"
