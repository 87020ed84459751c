"""The table of a step's costs, at the size of tests."""

from dataclasses import replace

import device_cost
import pytest
from strict_cupy.kernels import Cost
from support.runs import TINY, tiny

from minihit.gradcheck.networks import STYLEGAN2


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
    assert device_cost.table(counts, 1.0, 5.0).splitlines()[-1].split() == ["one", "step", "1,001", "2.00", "7.00"]
