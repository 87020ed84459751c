"""What a part of a data set gives, and which other real images stand beside it."""

import math

import numpy as np
import pytest
from support.runs import image_set

from minihit.comparing.pictures import PARTS, Pictures, available, of_data
from minihit.data.dataset import BuiltInFaces
from minihit.data.faces.render import faces
from minihit.errors import UserError
from minihit.features.extractor import Extractor

IMAGES = faces(0, 0, 30, 8)
DATA, FEW, ENDLESS = image_set(IMAGES, held_out=10), image_set(IMAGES), BuiltInFaces(8, 3)
MEANS = Extractor("means", 3, (), lambda images: images.mean(axis=(1, 2), dtype=np.float32))
NAMES = [f"{number}.png" for number in range(30)]


def rows_of(pictures):
    """Which of IMAGES they are; -1 for none."""
    return [next((row for row, image in enumerate(IMAGES) if np.array_equal(image, one)), -1)
            for one in pictures.images]


def test_held_out_pictures_stand_beside_training_ones_as_training_takes_them():
    found = of_data(DATA, "photos", 6)
    assert rows_of(found) == [*range(20, 26)] and found.what == "held-out pictures of photos" and found.names == ()
    others = found.others()
    np.testing.assert_array_equal(others.images, DATA.take(0, 6))
    assert others.what == "training pictures of photos"


def test_training_pictures_are_any_of_them_each_once_beside_held_out_ones():
    found = of_data(DATA, "photos", 20, "training", NAMES)
    assert sorted(rows_of(found)) == [*range(20)] != rows_of(found) and found.what == "training pictures of photos"
    assert found.names == tuple(f"{row}.png" for row in rows_of(found))
    assert rows_of(of_data(DATA, "photos", 5, "training")) == rows_of(found)[:5]
    others = of_data(DATA, "photos", 5, "training").others()
    assert rows_of(others) == [*range(20, 25)] and others.what == "held-out pictures of photos"


def test_no_picture_comes_twice_however_many_are_asked_for():
    found = of_data(DATA, "photos", 100, names=NAMES)
    assert len(found) == 10 and found.names == (*NAMES[20:],) and len(found.others()) == 20


def test_where_none_is_held_out_there_are_no_others():
    found = of_data(FEW, "photos", 100)
    assert len(found) == 30 and found.what == "pictures of photos" and found.others is None


@pytest.mark.parametrize("part, other", [("held-out", "training"), ("training", "held-out")])
def test_the_drawn_faces_have_no_end(part, other):
    found = of_data(ENDLESS, "faces", 7, part)
    takes = {"held-out": ENDLESS.held_out(7), "training": ENDLESS.take(0, 7)}
    np.testing.assert_array_equal(found.images, takes[part])
    np.testing.assert_array_equal(found.others().images, takes[other])
    assert (found.what, found.others().what) == (f"{part} pictures of faces", f"{other} pictures of faces")
    assert available(ENDLESS, part) == math.inf


def test_images_that_were_changed_are_not_taken():
    def changed():
        raise UserError("changed")

    with pytest.raises(UserError, match="changed"):
        of_data(image_set(IMAGES, held_out=10, check=changed), "photos", 6)


def test_training_pictures_are_the_same_choice_in_every_version():
    found = of_data(DATA, "photos", 20, "training", NAMES)
    assert found.names == tuple(NAMES[row] for row in np.random.default_rng(0).permutation(20))


def test_how_many_there_are():
    assert PARTS == ("held-out", "training")
    assert (available(DATA, "held-out"), available(DATA, "training"), available(FEW, "held-out")) == (10, 20, 30)


def test_the_first_have_their_names_and_features():
    found = of_data(DATA, "photos", 6, names=NAMES).first(4)
    assert len(found) == 4 and found.names == (*NAMES[20:24],)
    np.testing.assert_array_equal(found.features(MEANS), MEANS.extract(IMAGES[20:24]))
    np.testing.assert_array_equal(Pictures(IMAGES[:3], "three").features(MEANS), MEANS.extract(IMAGES[:3]))


def test_each_part_of_a_store_has_a_file_of_features(tmp_path):
    data = image_set(IMAGES, held_out=10, store=tmp_path, fingerprint="x")
    for part in ("held-out", "training"):
        found = of_data(data, "photos", 9, part)
        for pictures in (found, found.others()):
            np.testing.assert_array_equal(pictures.features(MEANS), MEANS.extract(pictures.images))
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        f"features-means-{part}.npz" for part in ("held-out", "taken", "training")]
