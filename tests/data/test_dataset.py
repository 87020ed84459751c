import sys

import numpy as np
import pytest
import strict_cupy
from hypothesis import given
from hypothesis import strategies as st
from support.pictures import numbered

from minihit.data.dataset import BuiltInFaces, ImageSet, Plan, epoch_plan, gather
from minihit.data.faces.render import faces
from minihit.errors import UserError


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


@pytest.mark.parametrize("place", ["seed", "epoch"])
def test_order_crops_and_mirroring_are_others_with_every_seed_and_epoch(place):
    plans = [epoch_plan(**{"seed": 3, "epoch": 3, "total": 40, "room": 8, place: value}) for value in range(5)]
    for parts in zip(*plans, strict=True):
        assert len({part.tobytes() for part in parts}) == 5
    order, tops, lefts, mirrored = epoch_plan(seed=0, epoch=0, total=4000, room=100)
    assert abs(np.corrcoef([order, tops, lefts, mirrored]) - np.eye(4)).max() < 0.08


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
