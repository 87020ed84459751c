from functools import cache
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.helpers import seeds
from threadpoolctl import threadpool_info, threadpool_limits

from minihit import features
from minihit.data.faces.render import faces
from minihit.errors import UserError
from minihit.features import random_network
from minihit.metrics.frechet import frechet, statistics
from minihit.metrics.kernel_distance import kernel_distance
from minihit.metrics.precision_recall import precision_recall
from minihit.ops import blur, blur_downsample
from minihit.show.images import to_float, to_uint8

COUNT = 200
extract = features.open("random").extract


def noise(seed, *shape):
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


@cache
def face_set(seed):
    return faces(seed, 0, COUNT, 32)


@cache
def real_features():
    return extract(face_set(1))


def blurred(images, times):
    images = to_float(images)
    for _ in range(times):
        images, _ = blur.forward(images)
    return to_uint8(images)


# what it says about sets of pictures


def test_real_is_nearer_than_slightly_blurred_than_strongly_blurred_than_noise():
    sets = [face_set(2), blurred(face_set(2), 1), blurred(face_set(2), 4), noise(0, COUNT, 32, 32, 3)]
    found = [extract(images) for images in sets]
    real = statistics(real_features())
    distances = [frechet(*real, *statistics(there)) for there in found]
    assert all(1.3 * near < far for near, far in pairwise(distances))
    kernel = [kernel_distance(real_features(), there, np.random.default_rng(0), 5)[0] for there in found]
    assert kernel == sorted(kernel) and 2.0 * abs(kernel[0]) < kernel[1]
    precisions = [precision_recall(real_features(), there)[0] for there in found]
    assert precisions == sorted(precisions, reverse=True) and precisions[0] > 0.8 and precisions[-1] == 0.0


def test_few_different_pictures_show_in_recall():
    found = [precision_recall(real_features(), extract(np.resize(face_set(2)[:count], face_set(2).shape)))[1]
             for count in (5, COUNT)]
    assert found[0] < 0.1 and found[1] > 0.8


@pytest.mark.parametrize("change", [
    lambda images: to_uint8(to_float(images) + 0.2 * np.random.default_rng(0).standard_normal(images.shape)),
    lambda images: to_uint8(to_float(images) + np.array([0.3, 0.0, 0.0])),
    lambda images: images[:, ::-1],
    lambda images: np.roll(images, 16, axis=2),
], ids=["noise", "red", "upside down", "halves swapped"])
def test_what_is_changed_is_farther_than_real(change):
    real = statistics(real_features())
    near, far = (frechet(*real, *statistics(extract(images))) for images in (face_set(2), change(face_set(2))))
    assert far > 1.3 * near


# what it is


def by_definition(image, weights):
    """One float64 picture (S, S, 3) with even S through three layers, place by place."""
    found = []
    for i, weight in enumerate(weights):
        if i:
            image = blur_downsample.forward(image[None])[0][0]
        padded = np.pad(image, ((1, 1), (1, 1), (0, 0)))
        image = np.array([[np.tensordot(padded[y:y + 3, x:x + 3], weight, 3) for x in range(image.shape[1])]
                          for y in range(image.shape[0])])
        image = np.where(image > 0, image, 0.2 * image)
        if i < 2:
            found += [image.mean(axis=(0, 1)), image.std(axis=(0, 1))]
    half = len(image) // 2
    found += [image[y:y + half, x:x + half].mean(axis=(0, 1)) for y in (0, half) for x in (0, half)]
    return 8.0 * np.concatenate(found)


@given(seeds, st.sampled_from([8, 16]))
def test_it_is_three_layers_and_means_and_deviations_of_their_maps(seed, side):
    images = noise(seed, 2, side, side, 3)
    weights = [weight.astype(np.float64) for weight in random_network.kernels()]
    expected = [by_definition(image / 127.5 - 1.0, weights) for image in images]
    np.testing.assert_allclose(extract(images), expected, rtol=0, atol=1e-4)


def test_kernels_keep_the_size_of_numbers_and_do_not_see_what_is_the_same_everywhere():
    for weight, (c_in, c_out) in zip(random_network.kernels(), [(3, 16), (16, 32), (32, 40)], strict=True):
        assert (weight.shape, weight.dtype) == ((3, 3, c_in, c_out), np.float32)
        np.testing.assert_allclose(weight.sum(axis=(0, 1, 2)), 0.0, atol=1e-5)
        assert weight.var() * 9 * c_in == pytest.approx(2.0, rel=0.15)


def test_mean_squares_of_faces_are_near_one():
    assert 0.5 < (real_features() ** 2).mean() < 2.0


def test_its_name_its_width_and_its_facts():
    extractor = features.open("random")
    assert (extractor.name, extractor.width, extractor.sort) == ("random-256", 256, None)
    assert real_features().shape == (COUNT, 256) and real_features().dtype == np.float32
    assert [what for what, _ in extractor.facts] == ["weights", "resize", "features"]
    assert "inception" not in str(extractor).lower() and "fid" not in str(extractor).lower()


def test_the_network_stays_what_it_was():
    """Numbers of today are compared with numbers of tomorrow."""
    stays = [2.067739, 5.779879, 0.344490, 1.219687, 0.490431, 0.466299, 0.375162]
    found = extract(noise(0, 1, 16, 16, 3))[0]
    np.testing.assert_allclose(found[[0, 20, 40, 90, 100, 160, 255]], stays, rtol=1e-4)


def test_its_numbers_are_the_same_bits_however_many_threads_there_are():
    images = face_set(1)[:40]
    with threadpool_limits(limits=1):
        expected = extract(images)
    for _ in range(2):
        np.testing.assert_array_equal(extract(images), expected)


def test_products_of_pictures_that_go_through_alone_are_single_threaded_too(monkeypatch):
    seen, real = [], random_network.features
    monkeypatch.setattr(random_network, "features", lambda x, weights: seen.extend(
        info["num_threads"] for info in threadpool_info() if info["user_api"] == "blas") or real(x, weights))
    with threadpool_limits(limits=2, user_api="blas"):
        extract(noise(0, 1, 8, 8, 3))
    assert seen and set(seen) == {1}


@given(seeds, st.integers(1, 9))
def test_pictures_do_not_depend_on_those_beside_them(seed, at_once):
    images = noise(seed, 9, 16, 16, 3)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(random_network, "PART_PIXELS", at_once * 16 * 16)
        np.testing.assert_allclose(extract(images), np.concatenate([extract(image[None]) for image in images]),
                                   rtol=1e-4, atol=1e-4)


def test_so_many_pictures_go_through_together_as_have_that_many_pixels(monkeypatch):
    sizes, real = [], random_network.features
    monkeypatch.setattr(random_network, "features", lambda x, weights: sizes.append(len(x)) or real(x, weights))
    for side, counts in [(64, [64, 1]), (8, [65])]:
        sizes.clear()
        extract(noise(0, 65, side, side, 3))
        assert sorted(sizes, reverse=True) == counts
    monkeypatch.setattr(random_network, "PART_PIXELS", 1)
    sizes.clear()
    extract(noise(0, 3, 8, 8, 3))
    assert sizes == [1, 1, 1]


# of any size


@pytest.mark.parametrize("side", [8, 9, 11, 15, 31, 64, 65, 130])
def test_pictures_of_any_size_have_features(side):
    found = extract(noise(0, 2, side, side, 3))
    assert found.shape == (2, 256) and np.isfinite(found).all() and abs(found).min(axis=1).max() > 0.0


@pytest.mark.parametrize("height, width, halvings", [(64, 64, 0), (65, 65, 1), (128, 128, 1), (256, 256, 2),
                                                     (66, 40, 1), (40, 66, 1)])
def test_large_pictures_are_halved_until_they_fit(height, width, halvings, monkeypatch):
    images = noise(1, 1, height, width, 3)
    found, halved = extract(images), to_float(images)
    for _ in range(halvings):
        halved, _ = blur_downsample.forward(halved)
    monkeypatch.setattr(random_network, "LARGEST", 1000)
    expected = random_network.features(halved, random_network.kernels())
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("shape", [(1, 7, 9, 3), (1, 9, 7, 3)])
def test_smaller_pictures_are_refused(shape):
    with pytest.raises(UserError, match=rf"at least 8 x 8 pixels, and these have {shape[1]} x {shape[2]}: take larger"):
        extract(np.zeros(shape, np.uint8))


def test_quarters_are_those_of_the_picture():
    x = np.arange(30).reshape(1, 5, 6, 1)
    sizes = [quarter[0, :, :, 0].tolist() for quarter in random_network.quarters(x)]
    assert sizes == [x[0, rows, columns, 0].tolist() for rows in (slice(0, 2), slice(2, 5))
                     for columns in (slice(0, 3), slice(3, 6))]


def test_it_takes_uint8_and_leaves_it_as_it_is():
    images = noise(0, 3, 8, 8, 3)
    before = images.copy()
    extract(images)
    np.testing.assert_array_equal(images, before)
    with pytest.raises(ValueError, match="uint8"):
        extract(np.zeros((1, 8, 8, 3), np.float32))
