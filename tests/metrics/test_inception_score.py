import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracles import measures
from support.features import BY_TORCH_FIDELITY, CASES, sets
from support.helpers import seeds

from minihit.errors import UserError
from minihit.metrics.inception_score import inception_score


@pytest.mark.parametrize("case", CASES)
def test_it_is_torch_fidelitys(case):
    logits, _ = sets(*case)
    assert inception_score(logits) == pytest.approx(BY_TORCH_FIDELITY[case]["inception score"], rel=1e-6)


@given(seeds, st.integers(10, 50), st.integers(1, 10))
def test_it_is_that_of_its_definition(seed, count, splits):
    logits = 3.0 * np.random.default_rng(seed).standard_normal((count, 5)).astype(np.float32)
    found = inception_score(logits, splits)
    assert found == pytest.approx(measures.inception_score(logits.astype(np.float64), splits), rel=1e-9, abs=1e-9)
    assert [type(value) for value in found] == [float, float]


def test_sure_of_every_class_alike_is_the_number_of_classes_and_unsure_or_of_one_class_is_one():
    sure = np.tile(1e4 * np.eye(4), (25, 1))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert inception_score(sure, splits=1) == pytest.approx((4.0, 0.0))
        assert inception_score(np.zeros((100, 4)))[0] == pytest.approx(1.0)
        assert inception_score(sure[:1].repeat(100, axis=0))[0] == pytest.approx(1.0)


@given(seeds)
def test_a_number_added_to_all_logits_of_a_picture_changes_nothing(seed):
    logits, _ = sets(seed)
    moved = logits + 1000.0 * np.random.default_rng(seed).standard_normal((len(logits), 1))
    assert inception_score(moved) == pytest.approx(inception_score(logits), rel=1e-9)


def test_fewer_pictures_than_parts_are_refused():
    with pytest.raises(UserError, match="of 10 parts, and there are 9 pictures: take more"):
        inception_score(np.ones((9, 4)))
    assert inception_score(np.ones((10, 4))) == pytest.approx((1.0, 0.0))
