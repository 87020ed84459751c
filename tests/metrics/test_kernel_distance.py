import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracles import measures
from support.features import BY_TORCH_FIDELITY, CASES, SEED, SUBSET, SUBSETS, sets
from support.helpers import seeds

from minihit.errors import UserError
from minihit.metrics.kernel_distance import kernel, kernel_distance, squared_discrepancy


@pytest.mark.parametrize("case", CASES)
def test_it_is_torch_fidelitys_on_its_subsets(case):
    found = kernel_distance(*sets(*case), np.random.RandomState(SEED), SUBSETS, SUBSET)
    assert found == pytest.approx(BY_TORCH_FIDELITY[case]["kernel distance"], rel=1e-6, abs=1e-6)


@given(seeds, st.integers(2, 6), st.integers(1, 4))
def test_it_is_that_pair_by_pair(seed, size, width):
    x, y = sets(seed, 7, 6, width)
    found = kernel_distance(x, y, np.random.default_rng(seed), subsets=3, size=size)
    expected = measures.kernel_distance(x, y, np.random.default_rng(seed), subsets=3, size=size)
    assert found == pytest.approx(expected, rel=1e-9, abs=1e-9)
    assert [type(value) for value in found] == [float, float]


def test_two_numbers_of_each_set_by_hand():
    x, y = np.array([[0.0], [1.0]]), np.array([[1.0], [2.0]])
    np.testing.assert_array_equal(kernel(x, y), [[1.0, 1.0], [8.0, 27.0]])
    assert squared_discrepancy(x, y) == pytest.approx(1.0 + 27.0 - 2 * (1 + 1 + 8 + 27) / 4)
    wide = np.ones((1, 4))
    assert kernel(wide, 2.0 * wide) == 27.0                               # products are divided by the width


@given(seeds)
def test_it_is_unbiased_so_between_samples_of_one_population_it_is_zero_on_average(seed):
    rng = np.random.default_rng(seed)
    found = [squared_discrepancy(*rng.standard_normal((2, 10, 3))) for _ in range(400)]
    assert abs(np.mean(found)) < 4 * np.std(found) / np.sqrt(len(found))  # the biased one: 0.7, 15 of these
    assert min(found) < 0 < max(found)


@given(seeds)
def test_it_is_symmetric_and_does_not_change_when_all_features_are_turned(seed):
    x, y = sets(seed)
    turn, _ = np.linalg.qr(np.random.default_rng(seed).standard_normal((6, 6)))
    expected = squared_discrepancy(x, y)
    assert squared_discrepancy(y, x) == pytest.approx(expected, rel=1e-9, abs=1e-9)
    assert squared_discrepancy(x @ turn, y @ turn) == pytest.approx(expected, rel=1e-9, abs=1e-9)


def test_sets_that_differ_in_mean_spread_or_skew_are_apart():
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((2, 2000, 4))
    others = y, y + 0.5, 1.5 * y, rng.exponential(size=(2000, 4)) - 1.0
    same, *apart = (kernel_distance(x, other, np.random.default_rng(1), 20, 300)[0] for other in others)
    assert min(apart) > 10 * abs(same)


class Recorded:
    """A generator whose draws are looked at."""

    def __init__(self):
        self.rng, self.drawn = np.random.default_rng(0), []

    def choice(self, *args, **kwargs):
        self.drawn.append((args, self.rng.choice(*args, **kwargs)))
        return self.drawn[-1][1]


def test_a_hundred_subsets_are_of_1000_or_of_the_smaller_set_and_draw_nothing_twice():
    x, y = np.zeros((1500, 1)), np.zeros((1200, 1))
    for pair, subsets, size in [((x, y), 2, 1000), ((x, y[:20]), 100, 20), ((x[:30], y), 100, 30)]:
        rng = Recorded()
        kernel_distance(*pair, rng, **({} if subsets == 100 else {"subsets": subsets}))
        assert [args[0] for args, _ in rng.drawn] == [len(part) for part in pair] * subsets
        assert all(len(np.unique(rows)) == len(rows) == size for _, rows in rng.drawn)


def test_the_seed_decides_and_whole_sets_leave_no_choice():
    x, y = sets(0)
    found = [kernel_distance(x, y, np.random.default_rng(seed), 5, 20)[0] for seed in (0, 0, 1)]
    assert found[0] == found[1] != found[2]
    mean, spread = kernel_distance(x, y, np.random.default_rng(0), 5)
    assert mean == pytest.approx(squared_discrepancy(x, y)) and spread < 1e-12


def test_it_is_computed_in_float64():
    x, y = (part.astype(np.float32) for part in sets(0))
    found = kernel_distance(x, y, np.random.default_rng(0), 5, 20)
    expected = kernel_distance(*(part.astype(np.float64) for part in (x, y)), np.random.default_rng(0), 5, 20)
    assert found == expected


def test_one_feature_has_no_pair():
    with pytest.raises(UserError, match="at least two pictures of each set: take more"):
        kernel_distance(np.ones((9, 3)), np.ones((1, 3)), np.random.default_rng(0))
    assert kernel_distance(np.ones((9, 3)), np.ones((2, 3)), np.random.default_rng(0)) == (0.0, 0.0)
