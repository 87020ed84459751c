"""How a batch is cut, for any number of cores: which images, which threads, which sums."""

import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.helpers import assert_same

from minihit.sums import pairwise
from minihit.training import parts
from minihit.training.parts import add_up, lanes_that_pay, plan

CORES = (1, 2, 3, 4, 8, 16)


def sizes(cut):
    return [[lane.stop - lane.start for lane in group] for group in cut.groups]


@pytest.mark.parametrize("lanes, expected, at_once", [
    (1, [[16], [16]], 1), (2, [[16], [16]], 2), (3, [[16], [16]], 2), (4, [[8, 8], [8, 8]], 2),
    (8, [[4] * 4] * 2, 2), (16, [[2] * 8] * 2, 2),
])
def test_two_micro_batches_on_any_number_of_lanes(lanes, expected, at_once):
    cut = plan(32, 16, lanes)
    assert (sizes(cut), cut.at_once) == (expected, at_once)


@pytest.mark.parametrize("lanes, expected", [
    (1, [12]), (2, [6, 6]), (3, [4, 4, 4]), (4, [3, 3, 3, 3]), (8, [2] * 6), (16, [1] * 12),
])
def test_a_batch_in_one_piece_is_cut_into_even_lanes(lanes, expected):
    assert sizes(plan(12, 0, lanes)) == [expected]


def test_an_uneven_rest_is_a_micro_batch_of_its_own():
    cut = plan(10, 4, 4)
    assert (sizes(cut), cut.at_once) == ([[4], [4], [2]], 3)


@pytest.mark.parametrize("lanes", CORES)
def test_images_that_are_compared_stay_together(lanes):
    cut = plan(16, 8, lanes, coupled=True)
    assert (sizes(cut), cut.at_once) == ([[8], [8]], min(2, lanes))


@given(count=st.integers(1, 40), micro_batch=st.integers(0, 40), lanes=st.integers(1, 16), coupled=st.booleans())
def test_every_image_is_in_one_lane_in_the_order_of_the_batch(count, micro_batch, lanes, coupled):
    cut = plan(count, micro_batch, lanes, coupled)
    assert np.concatenate([np.arange(count)[part] for part in cut.parts]).tolist() == list(range(count))
    whole = [sum(group) for group in sizes(cut)]
    assert all(size == (micro_batch or count) for size in whole[:-1]) and whole[-1] <= (micro_batch or count)
    assert max(map(len, cut.groups)) * cut.at_once <= max(lanes, 1)
    assert 1 <= cut.at_once <= len(cut.groups)


@pytest.mark.parametrize("batch, micro_batch, expected", [
    (32, 16, [1, 2, 3, 4, 8, 16]), (64, 32, [1, 2, 3, 4, 8, 16]), (16, 0, [1, 2, 3, 4, 8, 8]),
    (64, 0, [4, 4, 4, 4, 8, 16]), (4, 0, [1] + [2] * 5), (1, 0, [1] * 6), (32, 32, [2, 2, 3, 4, 8, 16]),
    (33, 0, [3, 3, 3, 4, 8, 16]), (64, 1, [1, 2, 3, 4, 8, 16]),
])
def test_as_many_lanes_as_pay_are_taken_on_any_number_of_cores(batch, micro_batch, expected):
    assert [lanes_that_pay(batch, micro_batch, cores) for cores in CORES] == expected


@pytest.mark.parametrize("lanes", CORES)
@pytest.mark.parametrize("micro_batch", [0, 2, 4])
def test_the_bits_follow_from_the_plan_and_not_from_who_computes_it(lanes, micro_batch, monkeypatch):
    """Lanes first, then micro-batches, pairwise in the order of the batch; however many threads there are."""
    values = np.random.default_rng(0).standard_normal((16, 50)).astype(np.float32) ** 3
    cut = plan(16, micro_batch, lanes)

    def work(part, total):
        return {"sum": values[part].sum(axis=0), "micro-batch": total(values[part].sum(axis=0))}

    sums = [[values[lane].sum(axis=0) for lane in group] for group in cut.groups]
    expected = {"sum": pairwise(map(pairwise, sums)),
                "micro-batch": pairwise(pairwise([pairwise(group)] * len(group)) for group in sums)}
    for at_once in (cut.at_once, 1, len(cut.groups)):
        assert_same(add_up(work, cut._replace(at_once=at_once)), expected)


def test_a_gpu_takes_whole_micro_batches_one_after_the_other():
    seen = []

    def work(part, total):
        seen.append((part, total(7), threading.current_thread()))
        return {"count": part.stop - part.start}

    assert add_up(work, plan(10, 4, 1), xp=object()) == {"count": 10}
    here = threading.current_thread()
    assert seen == [(slice(0, 4), 7, here), (slice(4, 8), 7, here), (slice(8, 10), 7, here)]
    assert parts.alone(7) == 7
