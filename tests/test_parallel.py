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


def test_a_total_adds_over_the_parts_that_run_together():
    def work(part):
        sums = [parallel.total(np.array([part, turn])) for turn in range(50)]
        return parallel.total(part), sums

    for total, sums in parallel.together(work, [1, 2, 3]):
        assert total == 6
        np.testing.assert_array_equal(sums, [[6, 3 * turn] for turn in range(50)])


def test_a_tree_is_added_leaf_by_leaf():
    parts = [{"a": 1, "b": [np.ones(2)]}, {"a": 2, "b": [np.ones(2)]}]
    for total in parallel.together(parallel.total, parts):
        assert total["a"] == 3
        np.testing.assert_array_equal(total["b"][0], [2.0, 2.0])


def test_every_part_gets_the_same_bits():
    parts = list(np.random.default_rng(0).standard_normal((5, 100)).astype(np.float32))
    first, *others = parallel.together(parallel.total, parts)
    assert all(first.tobytes() == other.tobytes() for other in others)


def test_alone_a_total_is_the_value_itself():
    assert parallel.total(3) == 3
    assert parallel.together(parallel.total, [4]) == [4]
    assert parallel.run(parallel.total, [1, 2]) == [1, 2]


def test_parts_that_run_together_have_products_of_their_own():
    before = blas_threads()
    inside = parallel.together(lambda part: (parallel.total(1), time.sleep(0.05), blas_threads())[-1], [0, 1])
    assert all(count == 1 for counts in inside for count in counts)
    assert blas_threads() == before


def test_an_error_in_one_part_ends_them_all():
    def work(part):
        return parallel.total(1 // part)

    with pytest.raises(ZeroDivisionError):
        parallel.together(work, [1, 0, 1])
    assert parallel.together(work, [1, 1]) == [2, 2]
