import threading
import time

import numpy as np
import pytest
from threadpoolctl import threadpool_info

from minihit import parallel


def blas_threads():
    return [pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"]


def test_results_keep_the_order_of_the_parts():
    assert parallel.run(lambda part: 10 * part, list(range(20))) == [10 * part for part in range(20)]


def test_products_are_single_threaded_inside_and_as_before_afterwards():
    before = blas_threads()
    inside = parallel.run(lambda part: blas_threads(), [0, 1])
    assert all(count == 1 for counts in inside for count in counts)
    assert blas_threads() == before


def test_a_part_alone_can_be_like_one_among_others():
    assert all(count == 1 for count in parallel.run(lambda part: blas_threads(), [0], alike=True)[0])


def test_one_part_runs_in_the_calling_thread():
    assert parallel.run(lambda part: threading.current_thread(), [0]) == [threading.current_thread()]


def test_another_array_module_runs_one_part_after_the_other():
    here = parallel.run(lambda part: threading.current_thread(), [0, 1], xp=object())
    assert here == [threading.current_thread()] * 2


def test_errors_come_through():
    with pytest.raises(ZeroDivisionError):
        parallel.run(lambda part: 1 // part, [1, 0])
    assert np.array_equal(parallel.run(np.zeros, [1, 2])[1], np.zeros(2))


def together(function, lanes):
    """What `function` returns for the lanes of one group."""
    (results,) = parallel.groups(function, [lanes])
    return results


def summed(x, total):
    return total(x)


def test_a_total_adds_over_the_lanes_of_a_group():
    def work(lane, total):
        sums = [total(np.array([lane, turn])) for turn in range(50)]
        return total(lane), sums

    for found, sums in together(work, [1, 2, 3]):
        assert found == 6
        np.testing.assert_array_equal(sums, [[6, 3 * turn] for turn in range(50)])


def test_a_tree_is_added_leaf_by_leaf():
    for found in together(summed, [{"a": 1, "b": [np.ones(2)]}, {"a": 2, "b": [np.ones(2)]}]):
        assert found["a"] == 3
        np.testing.assert_array_equal(found["b"][0], [2.0, 2.0])


def test_every_lane_gets_the_same_bits_and_they_are_those_of_the_tree_of_sums():
    lanes = list(np.random.default_rng(0).standard_normal((5, 100)).astype(np.float32))
    expected = (lanes[0] + lanes[1]) + (lanes[2] + lanes[3]) + lanes[4]
    assert all(found.tobytes() == expected.tobytes() for found in together(summed, lanes))


@pytest.mark.parametrize("at_once", [1, 2, 3])
def test_groups_keep_their_order_and_do_not_mix(at_once):
    groups = [[1, 2], [3], [4, 5], [6, 7]]
    assert [*parallel.groups(summed, groups, at_once)] == [[3, 3], [3], [9, 9], [13, 13]]


def test_no_more_groups_than_asked_for_are_computed_at_once():
    running, seen = set(), []

    def work(lane, total):
        running.add(lane)
        seen.append(len(running))
        time.sleep(0.01)
        running.remove(lane)

    [*parallel.groups(work, [[i] for i in range(6)], at_once=2)]
    assert max(seen) == 2


def test_alone_a_total_is_the_value_itself():
    assert together(summed, [4]) == [4]


def test_lanes_have_products_of_their_own():
    before = blas_threads()
    inside = together(lambda lane, total: (total(1), time.sleep(0.05), blas_threads())[-1], [0, 1])
    assert all(count == 1 for counts in inside for count in counts)
    assert blas_threads() == before


def test_an_error_in_one_lane_ends_them_all():
    def work(lane, total):
        return total(1 // lane)

    with pytest.raises(ZeroDivisionError):
        together(work, [1, 0, 1])
    assert together(work, [1, 1]) == [2, 2]
