import numpy as np
import pytest

from minihit.comparing import measures
from minihit.comparing.comparison import Comparison, rows
from minihit.comparing.looks import Look
from minihit.comparing.pictures import Pictures
from minihit.comparing.report import Row, Sets
from minihit.data.faces.render import faces
from minihit.features.extractor import Extractor

MEANS = Extractor("means", 3, (), lambda images: images.mean(axis=(1, 2), dtype=np.float32))
LOOK = Look("random", "means", (), 3, MEANS)
A, B, C = np.repeat(faces(0, 0, 3, 16), 4, axis=0), faces(1, 0, 12, 16), faces(2, 0, 12, 16)
ON_FEATURES = ["frechet_random", "kid_random", "precision_random", "recall_random"]


def compared(others=True, **settings):
    rngs = np.random.default_rng(1), np.random.default_rng(2)
    reference = Pictures(B, "real", others=(lambda: Pictures(C, "others")) if others else None)
    return [*rows(Comparison(Pictures(A, "made"), reference, 0, rngs, **settings), LOOK)]


@pytest.mark.parametrize("settings, names", [
    ({}, ["swd", "neighbour", *ON_FEATURES]), ({"sets": False, "pairs": True}, ["psnr", "ssim"]),
    ({"pairs": True, "ending": "_rebuilt"},
     [f"{name}_rebuilt" for name in ("swd", "neighbour", *ON_FEATURES)] + ["psnr", "ssim"]),
])
def test_what_is_compared_as_sets_and_in_pairs(settings, names):
    assert [row.name for row in compared(**settings)] == names


def test_sets_of_pictures_stand_beside_others_each_with_its_generator():
    distance, neighbour, *_ = compared()
    assert distance.value == measures.of_images(A, B, np.random.default_rng(1))["swd"]
    assert distance.real == measures.of_images(C, B, np.random.default_rng(2))["swd"]
    assert (distance.sets, distance.real_sets) == (Sets(12, "made", 12, "real"), Sets(12, "others", 12, "real"))
    assert neighbour.features == "means of 16 x 16 squares"
    _, _, frechet, _, precision, recall = compared()
    expected = measures.of_features(MEANS.extract(A), MEANS.extract(B), measures.generator(0))
    assert (frechet.value, precision.value, recall.value) == tuple(
        expected[name] for name in ("frechet", "precision", "recall"))
    assert precision.value != recall.value and frechet.sets == distance.sets
    assert compared(others=False)[0].real_sets == Sets(6, "real", 6, "others of them")


def test_pairs_are_of_the_pictures_and_their_reference():
    psnr, _ = compared(sets=False, pairs=True)
    assert psnr.value == measures.of_pairs(A, B)["psnr"] and psnr.sets == Sets(12, "made", 12, "real")


def test_another_row_of_neighbours_takes_the_place():
    mine = Row("neighbour", "mine", measures.Value(1.0), "f", Sets(1, "a", 1, "b"))
    found = compared(neighbour=mine)
    assert found[1] is mine and [row.name for row in found] == ["swd", "neighbour", *ON_FEATURES]
