"""What is drawn in the clothes of a data set is taken for it, with its splits, tables, sizes and margin."""

import zipfile

import numpy as np
import pytest
from PIL import Image

from minihit.data.faces import layouts, stand_in
from minihit.data.faces.attributes import draw_attributes
from minihit.data.faces.celeba import NAMES, celeba_attributes
from minihit.data.faces.layouts import LAYOUTS
from minihit.data.faces.render import render
from minihit.data.prepare.layouts import recognise
from minihit.data.prepare.sources import open_source


@pytest.fixture
def quick(monkeypatch):
    """Empty faces: what is on them changes nothing."""
    monkeypatch.setattr(layouts, "render", lambda attributes, side: np.zeros((len(attributes["hat"]), side, side, 3),
                                                                             np.uint8))


@pytest.mark.parametrize("layout, name, splits, margin, names", [
    ("celeba", "CelebA", {"train": 8, "valid": 1, "test": 1}, 1.0, NAMES.split()),
    ("celeba-hq", "CelebA-HQ", {"train": 8, "valid": 1, "test": 1}, 1.0, NAMES.split()),
    ("ffhq", "FFHQ", {"train": 9, "valid": 1}, 1.0, []),
    ("imagenet", "ImageNet", {"train": 8, "valid": 2}, 0.875, []),
])
def test_each_is_taken_for_what_it_stands_in_for(tmp_path, quick, layout, name, splits, margin, names):
    with open_source(stand_in.write(tmp_path, 10, layout=layout)) as source:
        found = recognise(source)
    assert (found.name, found.margin, found.attribute_names) == (name, margin, names)
    assert {split: found.splits.count(split) for split in dict.fromkeys(found.splits)} == splits
    if names:
        np.testing.assert_array_equal(found.attributes, celeba_attributes(draw_attributes(0, 0, 10)))


@pytest.mark.parametrize("layout", LAYOUTS)
def test_pictures_have_the_size_and_format_of_the_data_set(tmp_path, quick, layout):
    chosen = LAYOUTS[layout]
    with zipfile.ZipFile(stand_in.write(tmp_path, 2, layout=layout)) as packed:
        assert {member.compress_type for member in packed.infolist()} == {zipfile.ZIP_STORED}  # compressed already
        for name in packed.namelist():
            with packed.open(name) as file, Image.open(file) as picture:
                assert (picture.size, picture.format, picture.mode) == (chosen.size, chosen.format, "RGB")
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([*chosen.files, "stand-in.json"])


def test_faces_are_cut_from_the_middle_of_squares():
    attributes = draw_attributes(0, 0, 1)
    square = render(attributes, 500)
    np.testing.assert_array_equal(LAYOUTS["imagenet"].pictures(attributes), square[:, 62:437])
    np.testing.assert_array_equal(LAYOUTS["celeba"].pictures(attributes), render(attributes, 218)[:, :, 20:198])


def test_every_picture_of_ffhq_has_a_number_of_its_own_among_all():
    place = LAYOUTS["ffhq"].place
    assert [place(i, 3) for i in range(3)] == ["images1024x1024/00000/00000.png", "images1024x1024/23000/23333.png",
                                               "images1024x1024/46000/46666.png"]
    assert len({place(i, 70_000) for i in range(0, 70_000, 7)}) == 10_000


def test_imagenet_has_four_classes_in_both_of_its_splits():
    names = [LAYOUTS["imagenet"].place(i, 40) for i in range(40)]
    for split in ("train", "val"):
        assert {name.split("/")[1] for name in names if name.startswith(split)} == set(layouts.CLASSES)


def test_large_faces_are_drawn_few_at_a_time(tmp_path, quick):
    counts = []
    stand_in.write(tmp_path, 5, progress=counts.append, layout="celeba-hq")
    assert counts == [2, 2, 1]


def test_a_stand_in_is_there_when_its_last_file_is(tmp_path, quick):
    for layout in LAYOUTS:
        assert stand_in.there(tmp_path, layout) is None
        path = stand_in.write(tmp_path, 2, layout=layout)
        assert stand_in.there(tmp_path, layout) == path
        (tmp_path / LAYOUTS[layout].files[0]).unlink()
        assert stand_in.there(tmp_path, layout) is None
        for left in tmp_path.iterdir():
            left.unlink()
