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


def test_the_memory_of_this_machine_holds_this_process():
    assert backend.memory_size("cpu") is None or backend.memory_size("cpu") > backend.peak_memory()
    assert backend.device_memory("cpu") == 0


@pytest.mark.parametrize("text, expected", [("max\n", 2**33), ("1073741824\n", 2**30), (None, 2**33)])
def test_a_container_may_have_less_than_the_machine(monkeypatch, tmp_path, text, expected):
    monkeypatch.setattr(backend.os, "sysconf", {"SC_PHYS_PAGES": 2**21, "SC_PAGE_SIZE": 4096}.get)
    monkeypatch.setattr(backend, "_CGROUP_LIMIT", tmp_path / "memory.max")
    if text:
        (tmp_path / "memory.max").write_text(text)
    assert backend.memory_size("cpu") == expected


@pytest.mark.parametrize("line, file", [
    ("0::/", "memory.max"), ("0::/a/b", "a/b/memory.max"), ("0::/a/b", "a/memory.max"),
    ("4:memory:/a/b", "memory/a/b/memory.limit_in_bytes"), ("4:memory:/a/b", "memory/memory.limit_in_bytes"),
    ("9:name=systemd:/x\n4:memory:/a\n0::/", "memory/a/memory.limit_in_bytes"),
])
def test_a_limit_counts_wherever_above_this_process_it_is_set(monkeypatch, tmp_path, line, file):
    monkeypatch.setattr(backend.os, "sysconf", {"SC_PHYS_PAGES": 2**21, "SC_PAGE_SIZE": 4096}.get)
    monkeypatch.setattr(backend, "_CGROUP_LIMIT", tmp_path / "memory.max")
    monkeypatch.setattr(backend, "_OWN_CGROUPS", tmp_path / "cgroup")
    (tmp_path / "cgroup").write_text(f"{line}\n")
    assert backend.memory_size("cpu") == 2**33
    (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / file).write_text("700000000\n")
    assert backend.memory_size("cpu") == 700_000_000


def test_the_limit_of_another_group_does_not_count(monkeypatch, tmp_path):
    monkeypatch.setattr(backend.os, "sysconf", {"SC_PHYS_PAGES": 2**21, "SC_PAGE_SIZE": 4096}.get)
    monkeypatch.setattr(backend, "_CGROUP_LIMIT", tmp_path / "memory.max")
    monkeypatch.setattr(backend, "_OWN_CGROUPS", tmp_path / "cgroup")
    (tmp_path / "cgroup").write_text("0::/a\n")
    for name in ("b", "a/c"):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "memory.max").write_text("1000\n")
    assert backend.memory_size("cpu") == 2**33


def test_a_system_without_sysconf_does_not_tell_its_memory(monkeypatch):
    monkeypatch.delattr(backend.os, "sysconf")
    assert backend.memory_size("cpu") is None


def test_tf32_is_what_cupy_reads_from_the_environment(monkeypatch):
    monkeypatch.setenv("CUPY_TF32", "0")
    backend.allow_tf32()
    assert backend.os.environ["CUPY_TF32"] == "1"


def test_peak_memory_is_that_of_a_process_with_numpy_in_it():
    assert backend.peak_memory() > 10 * 2**20 or sys.platform == "win32"
