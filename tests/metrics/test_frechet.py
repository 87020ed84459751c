import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracles import measures
from support.features import BY_TORCH_FIDELITY, CASES, sets
from support.helpers import seeds

from minihit.errors import UserError
from minihit.metrics import frechet as module
from minihit.metrics.frechet import frechet, statistics, trace_of_root

widths = st.integers(1, 12)


def distance(x, y):
    return frechet(*statistics(x), *statistics(y))


def covariance(rng, width, rank=None):
    root = rng.standard_normal((width, rank or width))
    return root @ root.T


@pytest.mark.parametrize("case", CASES)
def test_it_is_torch_fidelitys(case):
    assert distance(*sets(*case)) == pytest.approx(BY_TORCH_FIDELITY[case]["frechet"], rel=1e-6, abs=1e-6)


@given(seeds, widths)
def test_it_is_that_by_the_eigenvalues_of_the_product(seed, width):
    x, y = sets(seed, width=width)
    assert distance(x, y) == pytest.approx(measures.frechet(x, np.atleast_2d(y)) if width > 1 else
                                           (x.mean() - y.mean()) ** 2 + (x.std(ddof=1) - y.std(ddof=1)) ** 2)


@given(seeds, st.integers(2, 30), st.integers(2, 30))
def test_fewer_features_than_their_width_do_no_harm(seed, count, other_count):
    x, y = sets(seed, count, other_count, width=30)
    assert distance(x, y) == pytest.approx(measures.frechet_of_few(x, y), rel=1e-6)


@given(seeds, widths)
def test_of_covariances_that_commute_it_has_a_closed_form(seed, width):
    rng = np.random.default_rng(seed)
    turn, _ = np.linalg.qr(rng.standard_normal((width, width)))
    a, b = rng.random((2, width)) * (rng.random((2, width)) > 0.2)        # variances along common axes, some 0
    mean, mean2 = rng.standard_normal((2, width))
    expected = ((mean - mean2) ** 2).sum() + ((np.sqrt(a) - np.sqrt(b)) ** 2).sum()
    assert frechet(mean, turn * a @ turn.T, mean2, turn * b @ turn.T) == pytest.approx(expected, rel=1e-6, abs=1e-6)


@given(seeds, widths)
def test_it_is_symmetric_and_zero_between_equal_sets(seed, width):
    x, y = sets(seed, width=width)
    assert distance(x, y) == pytest.approx(distance(y, x))
    assert 0.0 <= distance(x, x) < 1e-9 * (1.0 + (x * x).sum())


@given(seeds, widths)
def test_turning_and_moving_all_features_alike_changes_nothing(seed, width):
    x, y = sets(seed, width=width)
    rng = np.random.default_rng(seed)
    turn, _ = np.linalg.qr(rng.standard_normal((width, width)))
    shift = rng.standard_normal(width)
    assert distance(x @ turn + shift, y @ turn + shift) == pytest.approx(distance(x, y))
    assert distance(3.0 * x, 3.0 * y) == pytest.approx(9.0 * distance(x, y))


@given(seeds, st.integers(1, 6), st.integers(1, 6))
def test_the_trace_of_the_root_is_that_of_the_geometric_mean(seed, rank, other_rank):
    rng = np.random.default_rng(seed)
    a, b = covariance(rng, 6, rank), covariance(rng, 6, other_rank)
    expected = np.sqrt(np.linalg.eigvals(a @ b).astype(complex)).real.sum()
    assert trace_of_root(a, b) == pytest.approx(expected, abs=1e-5)


@given(seeds, st.integers(2, 20), st.integers(1, 25), st.sampled_from([np.float16, np.float32, np.float64]))
def test_statistics_are_mean_and_sample_covariance_in_float64_whatever_the_chunk(seed, count, chunk, dtype):
    x, _ = sets(seed, count)
    x = (x + 100.0).astype(dtype)                                         # the mean is far from the spread
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "CHUNK", chunk)
        mean, covariance = statistics(x)
    assert mean.dtype == covariance.dtype == np.float64
    np.testing.assert_allclose(mean, x.astype(np.float64).mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(covariance, np.cov(x.astype(np.float64), rowvar=False), rtol=1e-8, atol=1e-10)


def test_rounding_never_makes_it_negative():
    one = np.ones(1)
    assert frechet(one, one[None], one, one[None] * (1 + 1e-15)) == 0.0
    x = np.random.default_rng(0).standard_normal((5, 40)).astype(np.float32)
    assert type(distance(x, x)) is float and distance(x, x) >= 0.0


def test_one_feature_has_no_covariance():
    with pytest.raises(UserError, match="at least two pictures: take more"):
        statistics(np.ones((1, 4)))
    assert statistics(np.ones((2, 4)))[1].max() == 0.0


def test_memory_does_not_grow_with_the_number_of_features():
    def peak(count):
        x = np.zeros((count, 64), np.float32)
        tracemalloc.start()
        statistics(x)
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    assert peak(16 * module.CHUNK) < 1.2 * peak(2 * module.CHUNK)
