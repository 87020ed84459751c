"""Features by a network's name or in a file, and the rows of all measures on them."""

import numpy as np
import pytest

from minihit import features
from minihit.comparing import looks, measures
from minihit.comparing.looks import Look, doubts, of_sets, open_look
from minihit.comparing.pictures import Pictures
from minihit.comparing.report import Row, Sets
from minihit.data.faces.render import faces
from minihit.errors import UserError
from minihit.features.extractor import Extractor

A, B, C = (Pictures(faces(seed, 0, 12, 8), f"set {seed}") for seed in range(3))
MEANS = Extractor("means", 3, (("weights", "none"),), lambda images: images.mean(axis=(1, 2), dtype=np.float32))
SORTING = Extractor("sorting", 3, (), MEANS.extract, lambda images: (
    MEANS.extract(images), images[:, 0, 0].astype(np.float32) / 40))


def look(kind, extractor):
    return Look(kind, extractor.name, extractor.facts, extractor.width, extractor)


def values(rows):
    return {row.name: row.value.mean for row in rows}


def test_a_network_is_opened_by_name_with_its_weights_on_its_device(monkeypatch):
    asked = []
    monkeypatch.setattr(features, "open", lambda *what: asked.append(what) or MEANS)
    assert open_look("inception", "w.pth", "gpu") == ("inception", "means", MEANS.facts, 3, MEANS, ())
    assert open_look("random").kind == "random"
    assert asked == [("inception", "w.pth", "gpu"), ("random", None, "cpu")]


def test_a_file_of_features_is_read(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    np.savez(tmp_path / "mine.NPZ.npz", pictures=np.ones((5, 2)), reference=np.zeros((6, 2)))
    (tmp_path / "mine.NPZ.npz").rename(tmp_path / "mine.NPZ")
    found = open_look("~/mine.NPZ")
    assert (found.kind, found.name, found.width, found.extractor) == ("file", "~/mine.NPZ", 2, None)
    assert [array.shape for array in found.arrays] == [(5, 2), (6, 2)]


@pytest.mark.parametrize("choice", ["imagenet", "", "features.npy", "x" * 300])
def test_anything_else_is_refused(choice):
    with pytest.raises(UserError, match="is unknown: choose random or inception, or give an") as refusal:
        open_look(choice)
    assert len(str(refusal.value)) < 200


def test_rows_are_the_measures_of_both_sets_beside_others():
    rows = [*of_sets(look("random", MEANS), A, B, C, 3, "_rebuilt")]
    expected = measures.of_features(MEANS.extract(A.images), MEANS.extract(B.images), measures.generator(3))
    real = measures.of_features(MEANS.extract(C.images), MEANS.extract(B.images), measures.generator(3))
    assert [row.name for row in rows] == [f"{name}_random_rebuilt" for name in expected]
    assert [row.value for row in rows] == [*expected.values()] and [row.real for row in rows] == [*real.values()]
    assert {(row.sets, row.features) for row in rows} == {(Sets(12, "set 0", 12, "set 1"), "means")}
    assert {row.real_sets for row in rows} == {Sets(12, "set 2", 12, "set 1")}


def test_without_others_the_reference_is_halved():
    assert {row.real_sets for row in of_sets(look("random", MEANS), A, B, None, 0)} == {
        Sets(6, "set 1", 6, "others of them")}


def test_of_a_network_that_sorts_the_score_is_that_of_its_logits():
    rows = [*of_sets(look("inception", SORTING), A, B, C, 0)]
    assert [row.name for row in rows] == ["fid", "kid_inception", "precision_inception", "recall_inception",
                                          "inception_score"]
    plain = values(of_sets(look("inception", MEANS), A, B, C, 0))
    assert {name: value for name, value in values(rows).items() if name != "inception_score"} == plain
    logits = [SORTING.sort(pictures.images)[1] for pictures in (A, C)]
    (expected,), (real,) = (measures.of_logits(each, None, None).values() for each in logits)
    assert rows[-1].value == expected and rows[-1].real == real


def test_features_of_a_file_stand_for_themselves():
    pictures, reference = np.random.default_rng(0).standard_normal((2, 9, 4))
    rows = [*of_sets(Look("file", "mine.npz", (), 4, arrays=(pictures, reference[:8])), A, B, C, 0)]
    expected = measures.of_features(pictures, reference[:8], measures.generator(0))
    assert [row.value for row in rows] == [*expected.values()] and rows[0].name == "frechet_file"
    assert rows[0].sets == Sets(9, "pictures in the file", 8, "of its reference")
    assert rows[0].real_sets == Sets(4, "of its reference", 4, "others of them")


@pytest.mark.parametrize("kind", ["frechet_random", "fid", "fid_rebuilt"])
def test_too_few_pictures_for_a_covariance_are_called_so_once(kind):
    rows = [Row(name, "t", 1.0, "f", Sets(count, "a", count, "b")) for name, count in ((kind, 3), (kind, 3), (kind, 4),
                                                                                      ("kid", 2))]
    (sentence,) = doubts(look("random", MEANS), rows)
    assert sentence.startswith("Frechet distances on 3 features come out too large with only 3 pictures: ")


def test_the_networks_are_those_that_there_are():
    assert looks.NETWORKS == features.CHOICES
