"""A name becomes a data set: which kind, what of it is held out, what is said of it, and what is refused."""

import shutil

import numpy as np
import pytest
from PIL import Image
from support.pictures import halves, numbered

from minihit.data.dataset import BuiltInFaces
from minihit.data.open import held_out_count, meant, of_folder, open_data, split
from minihit.data.prepare.prepare import Settings, prepare
from minihit.errors import UserError

# what is held out


@pytest.mark.parametrize(
    ("total", "spared"), [(1, 0), (19, 0), (20, 2), (29, 2), (1000, 100), (20_000, 2000), (202_599, 2000)]
)
def test_a_tenth_is_held_out(total, spared):
    assert held_out_count(total) == spared
    training, validation = split(np.arange(total))
    assert len(validation) == (spared or total)
    assert len(set(training) | set(validation)) == total


@pytest.fixture
def array_file(tmp_path):
    def write(total):
        np.save(tmp_path / "images.npy", numbered(total, size=4))
        return tmp_path / "images.npy"

    return write


def test_an_opened_set_is_split_in_two_the_same_way_for_every_seed(array_file):
    path = array_file(50)
    one, other = (of_folder(path, 4, seed) for seed in (0, 1))
    assert (len(one.training), len(one.validation)) == (45, 5)
    np.testing.assert_array_equal(one.held_out(5), other.held_out(5))
    assert sorted([*one.training, *one.validation]) == list(range(50))
    assert (np.diff(one.validation) != 1).any()
    assert one.description == f"45 images of {path} at 4 x 4, 5 more held out"


def test_of_few_images_none_is_held_out(array_file):
    data = of_folder(array_file(19), 4, seed=0)
    np.testing.assert_array_equal(data.held_out(19), data.images)
    assert "too few" in data.description


def test_unusable_files_are_mentioned(tmp_path):
    halves("red", size=(8, 8)).save(tmp_path / "a.png")
    (tmp_path / "b.png").write_bytes(b"")
    data = of_folder(tmp_path, 8, seed=0)
    assert data.description.endswith('; 2 files: 1 taken; 1 cannot be used (once "the file is empty")')
    assert data.take(0, 5).shape == (5, 8, 8, 3)


# opening


def test_opening_nothing_is_a_user_error(tmp_path):
    with pytest.raises(UserError, match="there are no images"):
        open_data(tmp_path, 8, seed=0)


def test_a_name_stands_for_faces_a_store_a_folder_or_an_array(tmp_path, array_file):
    halves("red", size=(8, 8)).save(tmp_path / "a.png")
    store = prepare(tmp_path, tmp_path / "store", Settings(8), report=str)
    assert open_data("faces", 16, seed=3) == BuiltInFaces(16, 3)
    kinds = [open_data(name, 4, 0) for name in (tmp_path, str(tmp_path), array_file(20))]
    assert [len(data.images) for data in kinds] == [1, 1, 20]
    data = open_data(tmp_path / "store", 8, 0)
    np.testing.assert_array_equal(data.images, store.images)
    assert data.fingerprint == store.manifest.fingerprint


def test_the_same_images_have_the_same_fingerprint(tmp_path):
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        halves("red", size=(8, 8)).save(tmp_path / name / "a.png")
    one, two = (open_data(tmp_path / name, 8, seed) for seed, name in enumerate(("one", "two")))
    assert one.fingerprint == two.fingerprint
    halves("blue", size=(8, 8)).save(tmp_path / "two" / "b.png")
    assert open_data(tmp_path / "two", 8, 0).fingerprint != one.fingerprint
    assert BuiltInFaces(8, 0).fingerprint == BuiltInFaces(8, 1).fingerprint != BuiltInFaces(16, 0).fingerprint


def test_a_folder_called_faces_is_what_its_user_means(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert [meant(name) for name in ("faces", "photos", "./faces")] == ["faces", "photos", "./faces"]
    split_folder(tmp_path, faces=1)
    assert meant("faces") == "./faces"
    assert len(open_data(meant("faces"), 8, seed=0).images) == 1
    (tmp_path / "faces").rename(tmp_path / "photos")
    (tmp_path / "faces").symlink_to(tmp_path / "photos")
    assert meant("faces") == "./faces"


def test_a_path_is_read_as_a_person_writes_it(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    store = prepare(split_folder(tmp_path, photos=3) / "photos", tmp_path / "store", Settings(8), report=str)
    (tmp_path / "link").symlink_to("photos")
    for name in ("photos", "store"):
        monkeypatch.chdir(tmp_path / name)
        for written in (".", "../store", "../store/", "~/photos", "~/store/", "../link"):
            np.testing.assert_array_equal(open_data(written, 8, seed=0).images, store.images)


def test_equal_images_are_mentioned(tmp_path):
    for number in range(4):
        halves("red" if number else "blue").save(tmp_path / f"{number}.png")
    data = open_data(tmp_path, 8, seed=0)
    assert data.equal == 2 and data.description.endswith(", 2 of 4 repeat an earlier one, pixel for pixel")
    (tmp_path / "0.png").unlink()
    assert "all 3 are the same picture, of which there is nothing to learn" in open_data(tmp_path, 8, 0).description
    prepare(tmp_path, tmp_path / "store", Settings(8), report=str)
    assert "all 3 are the same picture" in open_data(tmp_path / "store", 8, 0).description


@pytest.mark.parametrize("name", ["img_align_celeba.zip", "train.PARQUET"])
def test_packed_pictures_are_to_be_prepared(name):
    with pytest.raises(UserError, match=rf"minihit data prepare {name} STORE --size 64"):
        open_data(name, 64, seed=0)


# stores


def split_folder(path, **counts):
    for name, count in counts.items():
        (path / name).mkdir(parents=True)
        for number in range(count):
            halves((10 * number,) * 3, size=(8, 8)).save(path / name / f"{number}.png")
    return path


@pytest.mark.parametrize(("counts", "trained", "held_out"), [
    ({"train": 5, "valid": 3, "test": 2}, range(5), range(5, 8)),
    ({"train": 5, "test": 2}, range(5), range(5, 7)),
    ({"valid": 3, "test": 2}, range(5), range(5)),
    ({"train": 6}, range(6), range(6)),
    ({"photos": 6}, range(6), range(6)),
])
def test_the_splits_of_a_store_decide_what_is_held_out(tmp_path, counts, trained, held_out):
    prepare(split_folder(tmp_path / "source", **counts), tmp_path / "store", Settings(8), report=str)
    data = open_data(tmp_path / "store", 8, seed=0)
    assert (sorted(data.training), sorted(data.validation)) == (list(trained), list(held_out))


@pytest.mark.parametrize("kind", ["store", "folder", "array"])
@pytest.mark.parametrize("flip", [True, False])
def test_images_are_mirrored_where_that_is_wanted_wherever_they_come_from(tmp_path, kind, flip):
    """Every pixel of them, half of the time; with flip=False never."""
    pictures = np.random.default_rng(0).integers(0, 256, (12, 8, 8, 3)).astype(np.uint8)
    (tmp_path / "folder").mkdir()
    for number, picture in enumerate(pictures):
        Image.fromarray(picture).save(tmp_path / "folder" / f"{number:02d}.png")
    np.save(tmp_path / "images.npy", pictures)
    prepare(tmp_path / "folder", tmp_path / "store", Settings(8), report=str)
    data = open_data(tmp_path / {"array": "images.npy"}.get(kind, kind), 8, seed=4, flip=flip)
    plan, shown = data.plan(0, 240), data.take(0, 240)
    upright = data.images[plan.indices]
    same, turned = (shown == upright).all(axis=(1, 2, 3)), (shown == upright[:, :, ::-1]).all(axis=(1, 2, 3))
    np.testing.assert_array_equal(same, ~turned)
    assert 0.4 < turned.mean() < 0.6 if flip else same.all()
    np.testing.assert_array_equal(data.held_out(12), data.images[data.validation])


def test_a_training_split_alone_gives_a_tenth_of_itself(tmp_path):
    prepare(split_folder(tmp_path / "source", train=25), tmp_path / "store", Settings(8), report=str)
    data = open_data(tmp_path / "store", 8, seed=0)
    assert (len(data.training), len(data.validation)) == (23, 2)


def test_a_store_with_a_margin_gives_random_crops(tmp_path):
    prepare(split_folder(tmp_path / "source", photos=3), tmp_path / "store", Settings(7, margin=0.875), report=str)
    data = open_data(tmp_path / "store", 7, seed=0)
    assert data.images.shape == (3, 8, 8, 3)
    assert data.take(0, 4).shape == (4, 7, 7, 3)
    assert len(set(data.plan(0, 100).tops)) == 2
    assert " at 7 x 7" in data.description


def test_a_store_of_another_size_is_refused_with_the_line_that_makes_one(tmp_path):
    prepare(split_folder(tmp_path / "photos", all=1), tmp_path / "store", Settings(8), report=str)
    with pytest.raises(UserError, match=r"are 8 x 8 and the network's 16 x 16: .* prepare .*photos .*--size 16"):
        open_data(tmp_path / "store", 16, seed=0)


@pytest.mark.parametrize("change", ["cut", "rewrite", "remove"])
def test_a_store_that_changes_behind_a_run_is_noticed(tmp_path, change):
    prepare(split_folder(tmp_path / "photos", all=4), tmp_path / "store", Settings(8), report=str)
    data, path = open_data(tmp_path / "store", 8, seed=0), tmp_path / "store" / "images.npy"
    data.take(0, 4)
    if change == "cut":
        with open(path, "r+b") as file:
            file.truncate(200)
    elif change == "rewrite":
        shutil.copy(path, tmp_path / "copy")
        (tmp_path / "copy").replace(path)
    else:
        path.unlink()
    with pytest.raises(UserError, match=r"changed while it was in use|No such file"):
        data.take(0, 4)
