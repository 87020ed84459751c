"""The table of a step's costs, at the size of tests."""

from dataclasses import replace

import device_cost
import pytest
from strict_cupy.kernels import Cost
from support.runs import TINY, tiny

from minihit.gradcheck.networks import STYLEGAN2
from minihit.presets import PRESETS


@pytest.mark.parametrize("generator", [TINY.generator, STYLEGAN2], ids=["HiT", "StyleGAN2"])
def test_every_phase_of_a_step_is_counted(generator):
    counts = device_cost.count(replace(tiny(consistency=1.0), generator=generator))
    assert set(counts) == {*device_cost.PHASES, device_cost.REST}
    assert all(cost.launches > 0 and cost.bytes > 0 for cost in counts.values())
    assert "augmentation" not in device_cost.count(TINY)


def test_the_bytes_of_a_forward_pass_grow_with_the_batch_and_its_launches_do_not():
    small, large = (device_cost.count(tiny(batch=batch, micro_batch=0))["G forward"] for batch in (4, 64))
    assert large.launches == small.launches
    assert 8 * small.bytes < large.bytes < 16 * small.bytes


def test_a_phase_takes_as_long_as_its_launches_or_its_bytes():
    assert device_cost.milliseconds(Cost(1000, 0), 3.35, 5.0) == pytest.approx(5.0)
    assert device_cost.milliseconds(Cost(1, 2 * 10**9), 1.0, 5.0) == pytest.approx(2.0)
    counts = {"G forward": Cost(1000, 0), "D forward": Cost(1, 2 * 10**9)}
    *_, eager, recorded = device_cost.table(counts, 1.0, 5.0).splitlines()
    assert eager.split() == ["one", "step", "1,001", "2.00", "7.00"]
    assert recorded.split() == ["one", "step,", "recorded", "1", "2.00", "2.00"]


def test_images_are_counted_apart_from_the_step_that_trains_them():
    small, large = (device_cost.images(tiny(batch=batch)) for batch in (4, 64))
    assert 0 < small.launches == large.launches < device_cost.count(TINY)["G forward"].launches
    assert 0 < 8 * small.bytes < large.bytes < 16 * small.bytes
    *_, whole, recorded = device_cost.table({device_cost.IMAGES: large}, 1.0, 5.0, "all images").splitlines()
    assert whole.split()[:2] == ["all", "images"] and recorded.split()[:3] == ["all", "images,", "recorded"]


def test_a_step_of_celeba_64_stays_below_what_it_was_brought_down_to():
    """Two micro-batches of 32 images with R1 and bCR; it was 9,098 launches and 176 GB."""
    costs = device_cost.count(PRESETS["celeba-64"]).values()
    assert sum(cost.launches for cost in costs) < 4_000
    assert sum(cost.bytes for cost in costs) < 115e9
