"""A name becomes a source of pictures: which kind, how many, of what size, and what is said of them."""

import zipfile

import numpy as np
import pytest
from PIL import Image
from support.pictures import encoded, photo

from minihit.cli import main
from minihit.comparing import sources
from minihit.comparing.sources import Source, agreed_size, open_set
from minihit.data.dataset import BuiltInFaces
from minihit.data.faces.render import faces
from minihit.data.open import open_data
from minihit.errors import UserError

IMAGES = faces(0, 0, 30, 16)


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A folder with the same 30 faces as files, zip and array, and as a store."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "photos").mkdir()
    with zipfile.ZipFile("photos.zip", "w") as packed:
        for number, image in enumerate(IMAGES):
            Image.fromarray(image).save(f"photos/{number:02d}.png")
            packed.write(f"photos/{number:02d}.png")
    np.save("photos.npy", IMAGES)
    assert main(["data", "prepare", "photos", "store", "--size", "16"]) == 0
    return tmp_path


def taken(name, count=100, size=16, **settings):
    said = []
    with open_set(name, report=said.append, **settings) as source:
        return source, source.take(count, size), said


@pytest.mark.parametrize("name", ["photos", "photos.zip", "photos.npy"])
def test_all_pictures_are_taken_in_their_order(here, name):
    source, found, said = taken(name)
    np.testing.assert_array_equal(found.images, IMAGES)
    assert (source.name, source.count, source.size, source.own_size) == (name, 30, None, source.own_size)
    assert found.what == f"pictures of {name}" and found.others is None and said == []
    names = {"photos": "04.png", "photos.zip": "photos/04.png"}
    assert found.names[4:5] == ((names[name],) if name in names else ())


@pytest.mark.parametrize("name", ["photos", "photos.zip", "photos.npy"])
def test_fewer_are_a_choice_by_the_seed_in_their_order(here, name):
    _, found, said = taken(name, 9, seed=3)
    rows = [int(np.flatnonzero((image == IMAGES).all(axis=(1, 2, 3)))[0]) for image in found.images]
    assert rows == sorted(rows) != [*range(9)] and len(set(rows)) == 9
    assert said == [f"9 of the 30 pictures of {name} are compared, a random choice by --seed"]
    np.testing.assert_array_equal(taken(name, 9, seed=3)[1].images, found.images)
    assert (taken(name, 9, seed=4)[1].images != found.images).any()
    np.testing.assert_array_equal(taken(name, 9)[1].images, taken(name, 9, seed=0)[1].images)


@pytest.mark.parametrize("name", ["photos", "photos.npy"])
def test_where_all_are_taken_nothing_is_chosen(here, name):
    assert taken(name, 30)[2] == []


@pytest.mark.parametrize("name", ["photos", "photos.zip", "photos.npy"])
def test_pictures_are_brought_to_a_size_and_have_one_of_their_own(here, name):
    _, found, _ = taken(name, size=8)
    assert found.images.shape == (30, 8, 8, 3)
    with open_set(name) as source:
        assert source.own_size() == 16


def test_the_own_size_is_the_shorter_side_of_the_first_that_shows_it(here):
    (here / "photos/00.png").write_bytes(b"damaged")
    (here / "photos/01.png").write_bytes(encoded(photo(size=(50, 40))))
    np.save("wide.npy", np.zeros((3, 9, 12), np.uint8))
    for name, side in (("photos", 40), ("wide.npy", 9)):
        with open_set(name) as source:
            assert source.own_size() == side


def test_what_is_not_taken_is_accounted_for(here):
    (here / "photos/00.png").write_bytes(encoded(photo(), "JPEG")[:3000])
    (here / "photos/notes.txt").write_text("notes")
    source, found, said = taken("photos")
    assert source.count == 30 and len(found) == 29 and found.names[0] == "01.png"
    assert len(said) == 1 and said[0].startswith("photos: 31 files: 29 taken; 1 cannot be used (once ")
    assert said[0].endswith("1 passed over (1 .txt)")


def test_where_nothing_can_be_used_a_few_reasons_are_given(here):
    for path in (here / "photos").iterdir():
        path.write_bytes(encoded(photo(), "JPEG")[:3000])
    with pytest.raises(UserError, match="none of the 30 pictures in photos can be used: ") as refusal:
        taken("photos")
    assert str(refusal.value).count(";") == 2
    for path in (here / "photos").iterdir():
        path.write_bytes(b"")
    with pytest.raises(UserError, match="no picture in photos can be read"), open_set("photos") as source:
        source.own_size()


def test_a_store_gives_what_training_would_hold_out_or_see_with_names(here):
    source, found, said = taken("store")
    assert (source.count, source.size, len(found), said) == (3, 16, 3, [])
    assert found.what == "held-out pictures of store" and len(found.names) == 3
    np.testing.assert_array_equal(found.images[1], IMAGES[int(found.names[1][:2])])
    np.testing.assert_array_equal(found.others().images, open_data("store", 16, seed=0).take(0, 27))
    source, found, _ = taken("store", part="training")
    assert source.count == len(found) == 27 and found.what == "training pictures of store"


def test_drawn_faces_are_meant_where_nothing_has_their_name(here):
    source, found, _ = taken("faces", 4, seed=5)
    np.testing.assert_array_equal(found.images, BuiltInFaces(16, 5).held_out(4))
    assert source.count == np.inf and source.size is source.own_size is None
    (here / "photos").rename("faces")
    assert taken("faces")[1].what == "pictures of faces" and len(taken("faces")[1]) == 30


def test_what_is_not_there_is_a_sentence(here):
    for name in ("gone", "gone.npy", "gone.zip"):
        with pytest.raises(UserError, match=rf"there is nothing at {name}"):
            taken(name)
    (here / "broken.npy").write_bytes(b"x")
    with pytest.raises(UserError, match=r"cannot read broken\.npy"):
        taken("broken.npy")


def source(name, size=None, own=None):
    return Source(name, None, 9, size, own and (lambda: own))


@pytest.mark.parametrize("wanted, sources_, size, said", [
    (None, (source("a", 64), source("b", 64)), 64, 0), (64, (source("a", 64), source("b", 64)), 64, 0),
    (None, (source("a", own=50), source("b", 64)), 64, 1), (None, (source("a", 64), source("b", own=64)), 64, 0),
    (None, (source("a", own=50), source("b", own=40)), 50, 1), (30, (source("a", own=50), source("b", own=40)), 30, 2),
    (None, (source("faces"), source("b", own=40)), 40, 0), (None, (source("faces"), source("faces")), 32, 0),
    (48, (source("faces"), source("faces")), 48, 0),
])
def test_the_size_is_that_of_a_store_or_run_or_what_is_wanted_or_the_first_pictures(wanted, sources_, size, said):
    lines = []
    assert agreed_size(wanted, sources_, lines.append) == size and len(lines) == said
    assert all(line.endswith(f" pixels, the shorter side of the first, to {size}") for line in lines)


@pytest.mark.parametrize("wanted, sources_, sentence", [
    (None, (source("a", 64), source("b", 32)), "the images of a have 64 x 64 pixels and those of b 32 x 32: give sets"),
    (32, (source("a", 64), source("b", own=32)), "the images of a have 64 x 64 pixels and not 32 x 32: give pictures"),
])
def test_sizes_that_contradict_are_refused(wanted, sources_, sentence):
    with pytest.raises(UserError, match=sentence):
        agreed_size(wanted, sources_)


def test_faces_are_as_large_as_the_first_presets():
    assert sources.FACES == 32
