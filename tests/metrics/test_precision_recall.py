import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracles import measures
from support.features import BY_TORCH_FIDELITY, CASES, sets
from support.helpers import seeds

from minihit.errors import UserError
from minihit.metrics import precision_recall as module
from minihit.metrics.precision_recall import precision_recall, radii, squared_distances


@pytest.mark.parametrize("case", CASES)
def test_they_are_torch_fidelitys(case):
    found = precision_recall(*sets(*case))
    assert found == pytest.approx(BY_TORCH_FIDELITY[case]["precision and recall"], abs=1e-6)


@given(seeds, st.integers(4, 30), st.integers(4, 30), st.integers(1, 3), st.integers(1, 3))
def test_they_are_those_ball_by_ball(seed, count, other_count, width, k):
    real, fake = sets(seed, count, other_count, width)
    assert precision_recall(real, fake, k) == pytest.approx(measures.precision_recall(real, fake, k))


@given(seeds, st.integers(4, 30), st.integers(4, 30), st.integers(1, 3))
def test_so_they_are_where_many_distances_are_equal_and_features_occur_twice(seed, count, other_count, k):
    rng = np.random.default_rng(seed)
    real, fake = rng.integers(0, 4, (count, 2)), rng.integers(0, 4, (other_count, 2)) + rng.integers(0, 3)
    assert precision_recall(real, fake, k) == pytest.approx(measures.precision_recall(real, fake, k))


@given(seeds)
def test_so_they_are_whatever_is_computed_at_a_time(seed):
    real, fake = sets(seed, 33, 24, 2)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "ROWS", 7)
        patch.setattr(module, "COLUMNS", 5)
        found = precision_recall(real, fake)
    assert found == pytest.approx(measures.precision_recall(real, fake))


@given(seeds, st.integers(4, 30), st.integers(4, 30))
def test_precision_is_recall_when_the_sets_change_places(seed, count, other_count):
    real, fake = sets(seed, count, other_count, 3)
    precision, recall = precision_recall(real, fake)
    assert precision_recall(fake, real) == (recall, precision)
    assert [type(value) for value in (precision, recall)] == [float, float]


@given(seeds)
def test_they_do_not_change_when_all_features_are_turned_and_moved(seed):
    real, fake = sets(seed, 40, 40, 4)
    turn, _ = np.linalg.qr(np.random.default_rng(seed).standard_normal((4, 4)))
    assert precision_recall(5.0 * real @ turn + 1.0, 5.0 * fake @ turn + 1.0) == precision_recall(real, fake)


@given(seeds, st.sampled_from([1.0, 1e3, 1e-3]))
def test_of_equal_sets_both_are_one_even_if_every_feature_occurs_five_times(seed, offset):
    x, _ = sets(seed, 12, width=100)
    x = np.repeat((x + offset).astype(np.float32), 5, axis=0)
    assert precision_recall(x, np.random.default_rng(seed).permutation(x)) == (1.0, 1.0)
    assert radii(x, 4).max() == 0.0 < radii(x, 5).min()


def test_the_third_neighbour_bounds_a_ball_whose_surface_belongs_to_it():
    real = np.array([[0.0], [1.0], [2.0], [4.0], [100.0]])
    np.testing.assert_array_equal(radii(real, 3), np.square([4.0, 3.0, 2.0, 4.0, 99.0]))
    np.testing.assert_array_equal(radii(real, 1), np.square([1.0, 1.0, 1.0, 2.0, 96.0]))
    fake = np.array([[-4.0], [-4.001], [199.0], [199.001]])
    assert precision_recall(real, fake)[0] == 0.5


def test_few_different_pictures_lose_recall_and_pictures_from_elsewhere_precision():
    rng = np.random.default_rng(0)
    real, fake = rng.standard_normal((2, 300, 4))
    precision, recall = precision_recall(real, fake)
    assert min(precision, recall) > 0.8
    few, elsewhere = np.resize(fake[:5], fake.shape), np.where(np.arange(300)[:, None] < 150, fake, fake + 20.0)
    assert precision_recall(real, few)[1] < 0.05
    assert precision_recall(real, elsewhere)[0] == pytest.approx(0.5 * precision_recall(real, fake[:150])[0])


@given(seeds)
def test_distances_are_those_of_differences(seed):
    x, y = sets(seed, 9, 8, 5)
    expected = ((x[:, None] - y) ** 2).sum(axis=-1)
    np.testing.assert_allclose(squared_distances(x, y), expected, rtol=1e-9, atol=1e-12)
    near = x[:1].astype(np.float32)
    assert squared_distances(near, np.nextafter(near, np.float32(9)) + np.float32(1e-3)).min() > 0.0
    assert squared_distances(near, near).dtype == np.float64


@pytest.mark.parametrize("count, other_count, k", [(3, 9, 3), (9, 3, 3), (2, 2, 2)])
def test_sets_without_k_neighbours_are_refused(count, other_count, k):
    message = f"look for {k} neighbours .* there are {count} real and {other_count} other pictures: take more"
    with pytest.raises(UserError, match=message):
        precision_recall(np.ones((count, 2)), np.ones((other_count, 2)), k)
    assert precision_recall(np.ones((k + 1, 2)), np.ones((k + 1, 2)), k) == (1.0, 1.0)


def test_memory_grows_with_the_number_of_features_and_not_with_its_square(monkeypatch):
    monkeypatch.setattr(module, "ROWS", 32)

    def peak(count):
        x = np.random.default_rng(0).standard_normal((count, 4), dtype=np.float32)
        tracemalloc.start()
        precision_recall(x, x)
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    assert peak(2000) < 2.5 * peak(1000)
