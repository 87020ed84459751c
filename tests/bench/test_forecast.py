"""What is said of a GPU that is not at hand: the measured step itself, and what grows with what."""

from dataclasses import replace

import pytest

from minihit import cost
from minihit.bench import phases
from minihit.bench.forecast import MEASURED, POOL, SECONDS, forecast
from minihit.presets import PRESETS


def recipe(preset, **changes):
    return replace(preset, recipe=replace(preset.recipe, **changes))


def test_of_the_measured_step_it_says_what_was_measured():
    assert recipe(PRESETS["celeba-64"], batch=64, micro_batch=0) == MEASURED
    assert phases.flops(MEASURED)[phases.STEP] == 1_848_715_411_456                   # of what was measured
    found = forecast(MEASURED)
    assert (found.seconds, found.memory, found.limit) == (SECONDS, POOL, None)


def test_seconds_are_in_proportion_to_products():
    assert forecast(recipe(MEASURED, batch=640)).seconds == pytest.approx(10 * SECONDS)
    assert forecast(recipe(MEASURED, consistency=0.0)).seconds < 0.8 * SECONDS


def test_memory_is_in_proportion_to_what_is_counted():
    small, large = (recipe(MEASURED, batch=size) for size in (8, 32))
    images = 24 * sum(cost.total(rows).activations * (1 if name == "generator" else cost.PASSES)
                      for name, rows in cost.rows(MEASURED).items())
    assert forecast(large).memory - forecast(small).memory == pytest.approx(1.1612 * images, rel=1e-3)
