import shutil
import sys

import numpy as np
import pytest
import strict_cupy
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from support.pictures import halves

from minihit.data.dataset import (
    BuiltInFaces,
    ImageSet,
    Plan,
    epoch_plan,
    gather,
    held_out_count,
    meant,
    of_folder,
    open_data,
    split,
)
from minihit.data.faces.render import faces
from minihit.data.prepare.prepare import Settings, prepare
from minihit.errors import UserError


def numbered(total, size=2):
    """uint8 (total, size, size, 3): image i holds i in its left half and 255 in its right half."""
    images = np.full((total, size, size, 3), 255, np.uint8)
    images[:, :, : size // 2] = np.arange(total).reshape(-1, 1, 1, 1)
    return images


def of_arrays(total, seed=0, flip=True, **settings):
    """`total` training images and three held out."""
    rows = np.arange(total + 3)
    return ImageSet(numbered(total + 3), rows[:total], rows[total:], size=2, seed=seed, flip=flip, **settings)


def numbers(images):
    return np.minimum(images[:, 0, 0, 0], images[:, 0, -1, 0])


def mirrored(images):
    return images[:, 0, 0, 0] == 255


seeds = st.integers(0, 2**63)


# epochs


@given(
    total=st.integers(1, 30),
    seed=seeds,
    position=st.integers(0, 10**6),
    counts=st.lists(st.integers(0, 40), min_size=1, max_size=5),
)
def test_images_do_not_depend_on_how_they_are_chunked(total, seed, position, counts):
    data = of_arrays(total, seed)
    whole = data.take(position, sum(counts))
    starts = position + np.cumsum([0, *counts[:-1]])
    parts = [data.take(int(start), count) for start, count in zip(starts, counts, strict=True)]
    np.testing.assert_array_equal(np.concatenate(parts), whole)


@given(total=st.integers(1, 60), seed=seeds, epoch=st.integers(0, 1000))
def test_every_epoch_shows_every_training_image_once(total, seed, epoch):
    shown = of_arrays(total, seed).take(epoch * total, total)
    np.testing.assert_array_equal(np.sort(numbers(shown)), np.arange(total))


def test_epochs_and_seeds_have_orders_of_their_own():
    orders = [numbers(of_arrays(60, seed).take(epoch * 60, 60)) for seed in (0, 1) for epoch in (0, 1, 2)]
    assert len({tuple(order) for order in orders}) == 6


def test_half_of_the_images_are_mirrored_by_turns():
    data = of_arrays(60)
    flips = mirrored(data.take(0, 60 * 50)).reshape(50, 60)
    assert 0.45 < flips.mean() < 0.55
    by_image = np.zeros(60)
    np.add.at(by_image, numbers(data.take(0, 60 * 50)), flips.ravel())
    assert by_image.min() > 8
    assert by_image.max() < 42
    assert not mirrored(of_arrays(60, flip=False).take(0, 600)).any()


def test_training_images_are_not_changed():
    data = of_arrays(20)
    data.take(0, 100)[:] = 7
    data.held_out(2)[:] = 7
    np.testing.assert_array_equal(data.images, numbered(23))


def test_held_out_images_are_never_taken_and_repeat_where_there_are_few():
    data = of_arrays(20)
    assert set(numbers(data.take(0, 400))) == set(range(20))
    np.testing.assert_array_equal(numbers(data.held_out(7)), [20, 21, 22, 20, 21, 22, 20])
    assert not mirrored(data.held_out(7)).any()


def test_what_was_changed_is_not_read():
    def changed():
        raise UserError("changed")

    data = of_arrays(20, check=changed)
    for read in (data.take, lambda position, count: data.held_out(count)):
        with pytest.raises(UserError, match="changed"):
            read(0, 1)


# crops


def coordinates(total, side):
    """uint8 (total, side, side, 3): number, row and column."""
    return np.stack(np.meshgrid(*map(np.arange, (total, side, side)), indexing="ij"), axis=-1).astype(np.uint8)


@given(total=st.integers(1, 9), size=st.integers(1, 9), room=st.integers(0, 6), seed=seeds)
def test_a_batch_is_made_of_crops_mirrored_or_not(total, size, room, seed):
    images, rows = coordinates(total, size + room), np.arange(total)
    data = ImageSet(images, rows, rows, size, seed)
    plan, batch = data.plan(5, 40), data.take(5, 40)
    assert batch.shape == (40, size, size, 3)
    for image, index, top, left, is_mirrored in zip(batch, *plan, strict=True):
        crop = images[index, top : top + size, left : left + size]
        np.testing.assert_array_equal(image, crop[:, ::-1] if is_mirrored else crop)


def test_crops_lie_everywhere_and_held_out_ones_in_the_middle():
    rows = np.arange(10)
    data = ImageSet(coordinates(10, 20), rows, rows, size=16, seed=0)
    plan = data.plan(0, 2000)
    corners = {(int(top), int(left)) for top, left in zip(plan.tops, plan.lefts, strict=True)}
    assert corners == {(top, left) for top in range(5) for left in range(5)}
    held_out = data.held_out(10)
    np.testing.assert_array_equal(held_out, coordinates(10, 20)[data.validation, 2:18, 2:18])


def test_a_plan_is_small_and_stays_on_the_host():
    plan = of_arrays(50).plan(0, 32)
    assert [(numbers.shape, numbers.dtype.kind) for numbers in plan] == [((32,), kind) for kind in "iiib"]


@given(size=st.integers(1, 5), room=st.integers(0, 3), count=st.integers(0, 20), seed=st.integers(0, 99))
def test_a_device_gathers_the_same_images(size, room, count, seed):
    with pytest.MonkeyPatch.context() as patch:
        strict_cupy.install(patch)
        rows = np.arange(7)
        data = ImageSet(coordinates(7, size + room), rows, rows, size, seed)
        on_device = gather(sys.modules["cupy"].asarray(data.images), data.plan(3, count), size)
        np.testing.assert_array_equal(on_device.get(), data.take(3, count))


def test_a_file_is_gathered_from_as_an_array_is(tmp_path):
    np.save(tmp_path / "a.npy", numbered(9, 4))
    plan = Plan(np.array([8, 0, 8]), np.array([0, 1, 2]), np.array([2, 1, 0]), np.array([True, False, True]))
    on_disk = np.load(tmp_path / "a.npy", mmap_mode="r")
    np.testing.assert_array_equal(gather(on_disk, plan, 2), gather(numbered(9, 4), plan, 2))


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


@pytest.mark.parametrize("place", ["seed", "epoch"])
def test_order_crops_and_mirroring_are_others_with_every_seed_and_epoch(place):
    plans = [epoch_plan(**{"seed": 3, "epoch": 3, "total": 40, "room": 8, place: value}) for value in range(5)]
    for parts in zip(*plans, strict=True):
        assert len({part.tobytes() for part in parts}) == 5
    order, tops, lefts, mirrored = epoch_plan(seed=0, epoch=0, total=4000, room=100)
    assert abs(np.corrcoef([order, tops, lefts, mirrored]) - np.eye(4)).max() < 0.08


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


# faces


@given(seed=st.integers(0, 2**62), position=st.integers(0, 10**9), cut=st.integers(0, 5))
def test_built_in_faces_are_those_of_faces_and_do_not_depend_on_chunks(seed, position, cut):
    data = BuiltInFaces(size=8, seed=seed)
    whole = data.take(position, 5)
    assert whole.shape == (5, 8, 8, 3)
    assert whole.dtype == np.uint8
    np.testing.assert_array_equal(whole, faces(seed=seed, start=position, count=5, size=8))
    np.testing.assert_array_equal(np.concatenate([data.take(position, cut), data.take(position + cut, 5 - cut)]), whole)


def test_built_in_held_out_faces_are_others():
    data = BuiltInFaces(size=16, seed=3)
    held_out, taken = data.held_out(200), data.take(0, 2000)
    assert held_out.shape == (200, 16, 16, 3)
    assert not {image.tobytes() for image in held_out} & {image.tobytes() for image in taken}
    np.testing.assert_array_equal(data.held_out(50), held_out[:50])
    assert (BuiltInFaces(size=16, seed=4).held_out(5) != held_out[:5]).any()
    assert "16 x 16" in data.description
