"""The estimate before a run on a device whose kernels are not compiled yet."""

import time

import pytest
from strict_cupy import launches
from support.runs import run_config

from minihit.training import compiling, estimate, step

COMPILING = 1000.0                                                        # seconds of the clock


@pytest.fixture
def compiler(monkeypatch, tmp_path):
    """The first gradients of a process take COMPILING more by the clock, and put a kernel into CuPy's cache."""
    gradients, clock, cold = step.gradients, time.perf_counter, [True]
    added = [0.0]

    def first_slow(*arguments):
        if cold:
            cold.clear()
            added[0] = COMPILING
            (tmp_path / "kernel.cubin").write_bytes(b"")
            time.sleep(0.1)                                               # ten times as long as is said nothing
        return gradients(*arguments)

    monkeypatch.setattr(step, "gradients", first_slow)
    monkeypatch.setattr(estimate.time, "perf_counter", lambda: clock() + added[0])
    monkeypatch.setattr(compiling, "PATIENCE", 0.01)
    monkeypatch.setenv("CUPY_CACHE_DIR", str(tmp_path))
    monkeypatch.delenv("CUPY_CACHE_IN_MEMORY", raising=False)


def test_the_compiler_is_not_estimated_and_is_said(double, compiler, capsys, tmp_path):
    assert 0 < estimate.seconds_per_step(run_config(), "gpu") < COMPILING
    assert capsys.readouterr().out == (f"compiling kernels for this GPU, once per machine: CuPy keeps them in "
                                       f"{tmp_path}\n")


def test_kernels_that_are_there_are_not_spoken_of(double, capsys, tmp_path, monkeypatch):
    monkeypatch.setenv("CUPY_CACHE_DIR", str(tmp_path))
    estimate.seconds_per_step(run_config(), "gpu")
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("graph, graphs", [("auto", 2 * estimate.TIMED), ("off", 0)])
def test_a_step_is_timed_as_the_run_makes_it(double, graph, graphs):
    assert estimate.seconds_per_step(run_config(), "gpu", graph) > 0
    assert launches.graphs == graphs


def test_what_cannot_be_recorded_is_timed_all_the_same(double, monkeypatch):
    gradients = step.gradients

    def with_a_product_of_cupy(*args):
        _ = double.ones((2, 2)) @ double.ones((2, 2))
        return gradients(*args)

    monkeypatch.setattr(step, "gradients", with_a_product_of_cupy)
    assert estimate.seconds_per_step(run_config(), "gpu") > 0
    assert launches.graphs == 0
