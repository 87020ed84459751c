import numpy as np
from support.helpers import normal

from minihit.ops.blend import blend


def test_the_old_average_keeps_its_weight_and_the_new_value_has_the_rest():
    average, value = normal(0, 2, 5)
    np.testing.assert_allclose(blend(average, value, 0.75), 0.75 * average + 0.25 * value, rtol=1e-14)
    np.testing.assert_array_equal(blend(average, value, 1.0), average)
    np.testing.assert_array_equal(blend(average, value, 0.0), value)
    np.testing.assert_allclose(blend(average, value, 0.75, share=0.3), 0.225 * average + 0.075 * value, rtol=1e-14)


def test_float32_stays_float32():
    average, value = normal(1, 2, 5, dtype=np.float32)
    assert blend(average, value, 0.99).dtype == np.float32
