"""Each measure is the one of metrics/, under its name, or a sentence."""

import numpy as np
import pytest

from minihit.comparing import measures
from minihit.comparing.measures import Value
from minihit.data.faces.render import faces
from minihit.metrics.frechet import frechet, statistics
from minihit.metrics.inception_score import inception_score
from minihit.metrics.kernel_distance import kernel_distance
from minihit.metrics.nearest_neighbour import nearest
from minihit.metrics.precision_recall import precision_recall
from minihit.metrics.psnr import psnr
from minihit.metrics.sliced_wasserstein import sliced_wasserstein
from minihit.metrics.ssim import ssim
from minihit.show.images import to_float
from minihit.training import measure

IMAGES, OTHERS = faces(0, 0, 20, 16), faces(1, 0, 20, 16)
RNG = np.random.default_rng
FEATURES, REFERENCE = RNG(0).standard_normal((2, 30, 5)).astype(np.float32) * np.array([[[1]], [[1.5]]], np.float32)


def test_of_images():
    found = measures.of_images(IMAGES, OTHERS, RNG(3))
    assert found["swd"] == (sliced_wasserstein(to_float(OTHERS), to_float(IMAGES), RNG(3))["average"], None)
    assert found["neighbour"] == (np.median(nearest(to_float(IMAGES), [OTHERS])[1]), None)
    assert [*found] == ["swd", "neighbour"]


def test_neighbours_are_those_of_the_first_images_among_all_references(monkeypatch):
    monkeypatch.setattr(measures, "NEIGHBOURS", 7)
    expected = Value(float(np.median(nearest(to_float(IMAGES[:7]), [OTHERS])[1])))
    looked = []
    monkeypatch.setattr(measures, "nearest", lambda images, chunks: looked.extend(map(len, parts := [*chunks])) or
                        nearest(images, parts))
    monkeypatch.setattr(measures, "CHUNK_PIXELS", 8 * 16**2)
    assert measures._nearest(IMAGES, OTHERS) == expected and looked == [8, 8, 4]
    monkeypatch.setattr(measures, "CHUNK_PIXELS", 1)
    assert measures._nearest(IMAGES, OTHERS) == expected and looked[3:] == [1] * 20


@pytest.mark.parametrize("side, has", [(6, False), (7, True)])
def test_images_smaller_than_a_patch_have_no_distance_and_this_is_said(side, has):
    found = measures.of_images(IMAGES[:, :side, :side], OTHERS[:, :side, :side], RNG(0))
    assert isinstance(found["swd"], Value) == has and isinstance(found["neighbour"], Value)
    assert has or found["swd"] == ("sliced Wasserstein distance compares patches of 7 x 7 pixels, and these images "
                                   "have 6 x 6: take larger ones")


def test_of_features():
    found = measures.of_features(FEATURES, REFERENCE, RNG(3))
    assert found["frechet"].mean == pytest.approx(frechet(*statistics(FEATURES), *statistics(REFERENCE)), rel=1e-9)
    precision, recall = precision_recall(REFERENCE, FEATURES)
    assert found["precision"] == (precision, None) and found["recall"] == (recall, None) and precision != recall
    assert found["kid"].mean == pytest.approx(kernel_distance(FEATURES, REFERENCE, RNG(3))[0], rel=1e-9)
    assert found["kid"].deviation is None and [*found] == ["frechet", "kid", "precision", "recall"]


def test_a_kernel_distance_deviates_where_there_is_more_than_one_subset(monkeypatch):
    """As many subsets, of the size, and by the generator that are given."""
    monkeypatch.setattr(measures, "SUBSET", 29)
    expected = kernel_distance(FEATURES, REFERENCE, RNG(3), 100, 29)
    assert measures.of_features(FEATURES, REFERENCE, RNG(3))["kid"] == expected
    assert measures.of_features(FEATURES[:29], REFERENCE, RNG(3))["kid"].deviation is None
    assert measures.of_features(FEATURES, REFERENCE[:29], RNG(3))["kid"].deviation is None


def test_subsets_are_those_of_kid():
    assert kernel_distance.__defaults__ == (measures.SUBSETS, measures.SUBSET)


@pytest.mark.parametrize("wanted, found", [(["kid"], ["kid"]), (["recall"], ["precision", "recall"]), ([], []),
                                           (["frechet", "precision"], ["frechet", "precision", "recall"])])
def test_only_what_is_wanted_is_computed(wanted, found):
    assert [*measures.of_features(FEATURES, REFERENCE, RNG(0), wanted)] == found


def test_too_few_features_are_a_sentence_each():
    found = measures.of_features(FEATURES[:3], REFERENCE[:3], RNG(0))
    assert found["precision"] == found["recall"] and found["precision"].startswith("precision and recall look for 3")
    assert isinstance(found["frechet"], Value) and isinstance(found["kid"], Value)


def test_of_logits_of_the_first_set_alone():
    assert measures.of_logits(FEATURES, None, None) == {"inception_score": inception_score(FEATURES)}
    assert "take more" in measures.of_logits(FEATURES[:5], None, None)["inception_score"]


def test_of_pairs():
    for name, function in (("psnr", psnr), ("ssim", ssim)):
        values = function(IMAGES, OTHERS)
        assert measures.of_pairs(IMAGES, OTHERS)[name] == (values.mean(), values.std())


def test_equal_pairs_have_an_infinite_psnr_that_deviates_from_nothing():
    mixed = np.concatenate([OTHERS[:3], IMAGES[3:]])
    assert measures.of_pairs(IMAGES, mixed)["psnr"] == (np.inf, None)
    assert measures.of_pairs(IMAGES, IMAGES)["ssim"] == (1.0, 0.0)


def test_pairs_smaller_than_a_window_have_no_ssim_and_this_is_said():
    found = measures.of_pairs(IMAGES[:, :9, :9], OTHERS[:, :9, :9])
    assert isinstance(found["psnr"], Value) and found["ssim"].startswith("SSIM compares images of at least 11 x 11")


def test_as_many_neighbours_are_looked_for_as_in_training_and_as_many_references_held():
    assert (measures.NEIGHBOURS, measures.CHUNK_PIXELS) == (measure.NEIGHBOURS, measure.CHUNK_PIXELS)


def test_a_generator_is_that_of_a_seed_and_a_stream_of_its_own():
    assert measures.generator(7).random() == RNG([7, 4]).random()
