"""What is said while a GPU's first step compiles: one line, where it is true."""

import threading
import time
from pathlib import Path

import pytest

from minihit.backend import kernel_cache
from minihit.training import compiling


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """CuPy's cache in a folder of the test, with a kernel in it; a hundredth of a second is long."""
    monkeypatch.setattr(compiling, "PATIENCE", 0.01)
    monkeypatch.delenv("CUPY_CACHE_IN_MEMORY", raising=False)
    monkeypatch.setenv("CUPY_CACHE_DIR", str(tmp_path / "cache"))
    (tmp_path / "cache").mkdir()
    compile_one(tmp_path / "cache", "old")
    return tmp_path / "cache"


def compile_one(folder, name):
    (folder / f"{name}.cubin").write_bytes(b"")


def said(device="gpu", block=lambda: None, seconds=0.1):
    lines = []
    with compiling.announced(device, lines.append):
        block()
        time.sleep(seconds)
    return lines


def test_kernels_that_come_to_the_cache_are_announced_once(cache):
    def block():
        compile_one(cache, "new")
        time.sleep(0.05)
        compile_one(cache, "newer")

    assert said(block=block) == [f"compiling kernels for this GPU, once per machine: CuPy keeps them in {cache}"]


def test_it_is_said_while_they_are_compiled(cache):
    lines = []
    with compiling.announced("gpu", lines.append):
        compile_one(cache, "new")
        for _ in range(500):
            if lines:
                break
            time.sleep(0.01)
        assert len(lines) == 1


def test_a_cache_that_begins_to_exist_counts(cache):
    (cache / "old.cubin").unlink()
    cache.rmdir()
    assert len(said(block=lambda: cache.mkdir() or compile_one(cache, "new"))) == 1


def test_nothing_is_said_where_all_kernels_are_there(cache):
    assert said() == []


def test_nothing_is_said_of_a_moment(cache, monkeypatch):
    monkeypatch.setattr(compiling, "PATIENCE", 60.0)
    assert said(block=lambda: compile_one(cache, "new"), seconds=0) == []


def test_nobody_watches_when_the_block_is_over(cache, monkeypatch):
    """Not even who was counting just then."""
    monkeypatch.setattr(compiling, "_kept", lambda folder: time.sleep(0.1) or 1)
    before = {*threading.enumerate()}
    assert said(seconds=0.02) == [] and {*threading.enumerate()} <= before


def test_nothing_is_said_of_a_cpu(cache):
    assert said("cpu", lambda: compile_one(cache, "new")) == []


def test_a_cache_in_memory_is_said_to_keep_nothing(cache, monkeypatch):
    monkeypatch.setenv("CUPY_CACHE_IN_MEMORY", "1")
    assert said() == ["compiling kernels for this GPU, in this process as in every other: CUPY_CACHE_IN_MEMORY keeps "
                      "none"]


def test_a_step_that_fails_fails_as_it_would_alone(cache):
    with pytest.raises(ValueError, match="of its own"), compiling.announced("gpu"):
        raise ValueError("of its own")


def test_the_cache_is_where_cupy_has_it(cache, monkeypatch):
    assert kernel_cache("gpu") == cache
    assert kernel_cache("cpu") is None
    monkeypatch.delenv("CUPY_CACHE_DIR")
    assert kernel_cache("gpu") == Path.home() / ".cupy" / "kernel_cache"
