"""What is measured of a GPU and of a step on it; the times themselves are a GPU's to tell."""

import pytest
import strict_cupy
from support.runs import tiny

from minihit.bench import gpu
from minihit.bench.phases import STEP, flops


@pytest.fixture(autouse=True)
def double(monkeypatch):
    strict_cupy.install(monkeypatch)
    monkeypatch.setattr(gpu, "SIDE", 8)
    monkeypatch.setattr(gpu, "COPIED", 1 << 10)


def test_a_card_is_measured_by_a_copy_and_a_product(monkeypatch):
    monkeypatch.setattr(gpu, "_median", lambda function, xp, rounds: function() or 0.5)
    found = gpu.card(rounds=1)
    assert (found.name, found.memory) == ("a double", 80 * 10**9)
    assert found.bandwidth == 2 * 4 * 1024 / 0.5
    assert found.flops == 2 * 8**3 / 0.5


def test_a_step_is_measured_eager_and_recorded():
    preset = tiny(consistency=1.0)
    found = gpu.step(preset, rounds=1)
    assert found.kernels > 500 and found.flop == flops(preset)[STEP]
    assert min(found.queued, found.eager, found.recorded) > 0
