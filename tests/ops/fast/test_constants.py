import numpy as np
import strict_cupy

from minihit.ops.fast import constants


def test_they_are_what_they_are_called():
    assert_holds(constants.ones(np, 3, np.dtype(np.float32)), np.float32, [1.0, 1.0, 1.0])
    assert_holds(constants.positions(np, 3), np.int64, [0, 1, 2])


def test_on_a_gpu_each_is_made_once(monkeypatch):
    strict_cupy.install(monkeypatch)
    import cupy as double

    made = [(constants.ones(double, 3, np.dtype(np.float32)), constants.positions(double, 3)) for _ in range(2)]
    assert made[0][0] is made[1][0] and made[0][1] is made[1][1]
    assert constants.ones(double, 4, np.dtype(np.float32)) is not made[0][0]
    assert_holds(made[0][0].get(), np.float32, [1.0, 1.0, 1.0])
    assert_holds(made[0][1].get(), np.int64, [0, 1, 2])


def assert_holds(x, dtype, values):
    assert x.dtype == dtype
    np.testing.assert_array_equal(x, values)
