import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minihit.data.dataset import BuiltInFaces, ImageFolder, held_out_count
from minihit.data.faces import faces
from minihit.errors import UserError


def numbered(total, size=2):
    """uint8 (total, size, size, 3): image i holds i in its left half and 255 in its right half."""
    images = np.full((total, size, size, 3), 255, np.uint8)
    images[:, :, : size // 2] = np.arange(total).reshape(-1, 1, 1, 1)
    return images


def of_arrays(total, seed=0, flip=True):
    images = numbered(total + 3)
    return ImageFolder(training=images[:total], validation=images[total:], seed=seed, flip=flip)


def numbers(images):
    return np.minimum(images[:, 0, 0, 0], images[:, 0, -1, 0])


def mirrored(images):
    return images[:, 0, 0, 0] == 255


seeds = st.integers(0, 2**63)


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
    np.testing.assert_array_equal(data.training, numbered(23)[:20])


def test_held_out_images_are_never_taken_and_repeat_where_there_are_few():
    data = of_arrays(20)
    assert set(numbers(data.take(0, 400))) == set(range(20))
    np.testing.assert_array_equal(numbers(data.held_out(7)), [20, 21, 22, 20, 21, 22, 20])
    assert not mirrored(data.held_out(7)).any()


@pytest.mark.parametrize(
    ("total", "spared"), [(1, 0), (19, 0), (20, 2), (29, 2), (1000, 100), (20_000, 2000), (202_599, 2000)]
)
def test_a_tenth_is_held_out(total, spared):
    assert held_out_count(total) == spared


@pytest.fixture
def array_file(tmp_path):
    def write(total):
        np.save(tmp_path / "images.npy", numbered(total, size=4))
        return tmp_path / "images.npy"

    return write


def test_an_opened_set_is_split_in_two_the_same_way_for_every_seed(array_file):
    path = array_file(50)
    one, other = (ImageFolder.open(path, 4, seed) for seed in (0, 1))
    assert (len(one.training), len(one.validation)) == (45, 5)
    np.testing.assert_array_equal(one.validation, other.validation)
    assert sorted([*numbers(one.training), *numbers(one.validation)]) == list(range(50))
    assert (np.diff(numbers(one.validation)) != 1).any()
    assert one.description == f"45 images of {path} at 4 x 4, 5 more held out"


def test_of_few_images_none_is_held_out(array_file):
    data = ImageFolder.open(array_file(19), 4, seed=0)
    np.testing.assert_array_equal(data.held_out(19), data.training)
    assert "too few" in data.description


def test_unreadable_files_are_mentioned(tmp_path):
    from PIL import Image

    Image.new("RGB", (8, 8), "red").save(tmp_path / "a.png")
    (tmp_path / "b.png").write_bytes(b"")
    data = ImageFolder.open(tmp_path, 8, seed=0)
    assert data.description.endswith("1 skipped as unreadable")
    assert data.skipped[0][0] == tmp_path / "b.png"
    assert data.take(0, 5).shape == (5, 8, 8, 3)


def test_opening_nothing_is_a_user_error(tmp_path):
    with pytest.raises(UserError):
        ImageFolder.open(tmp_path, 8, seed=0)


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
