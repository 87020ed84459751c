"""The arithmetic of the measures against that of torch-fidelity on the same features; skipped without torch-fidelity.

What it said once of some features is in support/features.py, for everybody.
"""

import numpy as np
import pytest
from support.features import BY_TORCH_FIDELITY, CASES, SEED, SUBSET, SUBSETS, sets

from minihit.metrics.frechet import frechet, statistics
from minihit.metrics.inception_score import inception_score
from minihit.metrics.kernel_distance import kernel_distance
from minihit.metrics.precision_recall import precision_recall

torch = pytest.importorskip("torch")
pytest.importorskip("torch_fidelity")

from torch_fidelity.metric_fid import fid_features_to_statistics, fid_statistics_to_metric  # noqa: E402
from torch_fidelity.metric_isc import isc_features_to_metric  # noqa: E402
from torch_fidelity.metric_kid import kid_features_to_metric  # noqa: E402
from torch_fidelity.metric_prc import prc_features_to_metric  # noqa: E402

MORE = [(3, 1200, 1100, 32), (4, 200, 150, 257), (5, 30, 31, 4)]


def by_torch_fidelity(real, fake):
    x, y = torch.from_numpy(real), torch.from_numpy(fake)
    fid = fid_statistics_to_metric(fid_features_to_statistics(x), fid_features_to_statistics(y), False)
    kid = kid_features_to_metric(x, y, kid_subsets=SUBSETS, kid_subset_size=SUBSET, rng_seed=SEED, verbose=False)
    prc = prc_features_to_metric(y, x, verbose=False)
    return {"frechet": fid["frechet_inception_distance"],
            "kernel distance": (kid["kernel_inception_distance_mean"], kid["kernel_inception_distance_std"]),
            "precision and recall": (prc["precision"], prc["recall"]),
            "inception score": tuple(isc_features_to_metric(x).values())}


def ours(real, fake):
    return {"frechet": frechet(*statistics(real), *statistics(fake)),
            "kernel distance": kernel_distance(real, fake, np.random.RandomState(SEED), SUBSETS, SUBSET),
            "precision and recall": precision_recall(real, fake), "inception score": inception_score(real)}


def assert_equal(found, expected):
    assert found.keys() == expected.keys()
    for name in found:
        assert found[name] == pytest.approx(expected[name], rel=1e-6, abs=1e-6), name


@pytest.mark.parametrize("case", CASES + MORE)
def test_on_the_same_features_all_measures_are_equal(case):
    real, fake = sets(*case)
    assert_equal(ours(real, fake), by_torch_fidelity(real, fake))


@pytest.mark.parametrize("case", CASES)
def test_what_it_said_once_it_still_says(case):
    assert_equal(by_torch_fidelity(*sets(*case)), BY_TORCH_FIDELITY[case])


def test_on_features_of_which_many_are_copies_precision_and_recall_are_equal():
    real, fake = sets(6, 24, 24, 3)                                       # so few that it takes differences itself
    real, fake = np.repeat(real[:6], 4, axis=0), np.concatenate([fake[:18], real[:6]])
    expected = prc_features_to_metric(*map(torch.from_numpy, (fake, real)), verbose=False)
    assert precision_recall(real, fake) == pytest.approx((expected["precision"], expected["recall"]), abs=1e-6)
    assert expected["precision"] >= 0.25
