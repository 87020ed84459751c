import numpy as np
import pytest

from minihit import initializers

SHAPE, FANS = (200, 300), {"fan_in": 200, "fan_out": 300}
DRAWS = {
    "truncated_normal": (initializers.truncated_normal, 0.02 * 0.87963, 0.04),   # deviation once cut at two of them
    "glorot_uniform": (initializers.glorot_uniform, np.sqrt(2 / 500), np.sqrt(6 / 500)),
    "uniform": (lambda rng, shape, fan_in, fan_out: initializers.uniform(rng, shape, 0.3), 0.3 / np.sqrt(3), 0.3),
    "standard_normal": (initializers.standard_normal, 1.0, np.inf),
}


@pytest.mark.parametrize("draw, deviation, largest", DRAWS.values(), ids=DRAWS.keys())
def test_deviation_bounds_and_dtype(draw, deviation, largest):
    values = draw(np.random.default_rng(0), SHAPE, **FANS)
    assert values.dtype == np.float32 and values.shape == SHAPE
    assert abs(values.mean()) < 0.02 * deviation and np.abs(values).max() <= largest * (1 + 1e-6)
    np.testing.assert_allclose(values.std(), deviation, rtol=0.02)


@pytest.mark.parametrize("draw", [row[0] for row in DRAWS.values()], ids=DRAWS.keys())
def test_one_seed_gives_one_start(draw):
    one, other = (draw(np.random.default_rng(7), (3, 4), fan_in=3, fan_out=4) for _ in range(2))
    np.testing.assert_array_equal(one, other)


def test_zeros_and_ones():
    assert not initializers.zeros((2, 3)).any() and (initializers.ones((2, 3)) == 1).all()
    assert initializers.zeros(3).dtype == initializers.ones(3).dtype == np.float32
