"""What is said of a GPU that is not at hand: the measured step itself, and what grows with what."""

from dataclasses import replace

import device_cost
import pytest
from support.runs import TINY, shrunk, tiny

from minihit import cost
from minihit.bench import phases
from minihit.bench.forecast import MEASURED, forecast, operations
from minihit.presets import PRESETS


def recipe(preset, **changes):
    return replace(preset, recipe=replace(preset.recipe, **changes))


def test_of_the_measured_step_it_says_what_was_measured():
    assert recipe(PRESETS["celeba-64"], batch=64, micro_batch=0) == MEASURED
    assert phases.flops(MEASURED)[phases.STEP] == 1_850_527_350_784       # of the networks that it was measured on
    found = forecast(MEASURED)
    assert found.seconds == pytest.approx(0.238)                          # the host is what it waits for
    assert found.memory == pytest.approx(5.8 * 2**30, abs=1) and found.limit is None


def test_the_host_queues_every_micro_batch_and_the_gpu_computes_every_image():
    assert forecast(recipe(MEASURED, micro_batch=8)).seconds == pytest.approx(8 * 0.238)
    assert forecast(recipe(MEASURED, batch=640)).seconds == pytest.approx(10 * 0.115)
    assert forecast(recipe(MEASURED, batch=65, micro_batch=64)).seconds == pytest.approx(2 * 0.238)


def test_memory_is_in_proportion_to_what_is_counted():
    small, large = (recipe(MEASURED, batch=size) for size in (8, 32))
    images = 24 * sum(cost.total(rows).activations * (1 if name == "generator" else cost.PASSES)
                      for name, rows in cost.rows(MEASURED).items())
    assert forecast(large).memory - forecast(small).memory == pytest.approx(1.284 * images, rel=1e-3)


@pytest.mark.parametrize("preset", [
    tiny(consistency=1.0), TINY, tiny(r1=0.0), shrunk("celeba-128"), shrunk("hit-128"), shrunk("hit-256"),
    PRESETS["stylegan2-32"],
], ids=["bCR", "R1", "plain", "celeba-128", "hit-128", "hit-256", "stylegan2-32"])
def test_operations_are_in_proportion_to_kernels(preset):
    """Of one micro-batch, as the double of CuPy counts them, beside celeba-64's."""
    def of_a_kernel(preset):
        small = recipe(preset, batch=2, micro_batch=2)
        return operations(small) / sum(cost.launches for cost in device_cost.count(small).values())

    assert 1 / 1.25 < of_a_kernel(preset) / of_a_kernel(shrunk("celeba-64")) < 1.25
