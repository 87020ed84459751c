import threading

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


def test_one_part_runs_in_the_calling_thread():
    assert parallel.run(lambda part: threading.current_thread(), [0]) == [threading.current_thread()]


def test_another_array_module_runs_one_part_after_the_other():
    here = parallel.run(lambda part: threading.current_thread(), [0, 1], xp=object())
    assert here == [threading.current_thread()] * 2


def test_errors_come_through():
    with pytest.raises(ZeroDivisionError):
        parallel.run(lambda part: 1 // part, [1, 0])
    assert np.array_equal(parallel.run(np.zeros, [1, 2])[1], np.zeros(2))
