from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minihit.data.faces.render import faces
from minihit.metrics import sliced_wasserstein as swd
from minihit.ops import blur, laplacian_pyramid
from minihit.show.images import to_float

COUNT = 150


@pytest.fixture(autouse=True, scope="module")
def fewer_directions():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(swd, "DIRECTIONS", 32)
        yield


@cache
def face_set(seed):
    return to_float(faces(seed=seed, start=0, count=COUNT, size=32))


def distances(other, real=None, seed=0):
    real = face_set(1) if real is None else real
    return swd.sliced_wasserstein(real, other.astype(np.float32), np.random.default_rng(seed))


def blurred(images):
    return blur.forward(images)[0]


def noise(amplitude):
    return amplitude * np.random.default_rng(5).standard_normal(face_set(1).shape)


# what it says about sets of images


def test_levels_and_average_are_floats():
    found = distances(face_set(2))
    assert list(found) == ["16", "32", "average"]
    assert all(type(value) is float for value in found.values())
    assert found["average"] == pytest.approx((found["16"] + found["32"]) / 2)


@pytest.mark.parametrize(("size", "levels"), [(8, ["8"]), (16, ["16"]), (24, ["24"]), (64, ["16", "32", "64"])])
def test_levels_halve_down_to_16(size, levels):
    images = to_float(faces(seed=1, start=0, count=4, size=size))
    assert list(swd.sliced_wasserstein(images, images, np.random.default_rng(0))) == [*levels, "average"]


@pytest.mark.parametrize("shape", [(2, 16, 24, 3), (2, 24, 16, 3)])
def test_a_level_has_the_name_of_its_shorter_side(shape):
    images = np.zeros(shape, np.float32)
    assert list(swd.sliced_wasserstein(images, images, np.random.default_rng(0))) == ["16", "average"]


def test_a_set_is_at_distance_zero_from_itself():
    assert distances(face_set(1)) == {"16": 0, "32": 0, "average": 0}


def test_two_sets_of_faces_are_close_and_noise_is_far():
    close = distances(face_set(2))
    far = distances(noise(1.0))
    assert close["average"] < 60
    assert far["16"] > 200
    assert far["32"] > 1000


def test_a_larger_set_is_closer():
    small = distances(face_set(2)[:20], real=face_set(1)[:20])
    assert distances(face_set(2))["average"] < small["average"]


def test_noise_is_seen_at_the_fine_level_and_grows_with_its_amplitude():
    found = [distances(face_set(2) + noise(a))["32"] for a in (0.0, 0.1, 0.2, 0.4)]
    assert found == sorted(found)
    assert found[1] > 2 * found[0]


def test_blur_is_seen_at_the_fine_level():
    found = distances(blurred(face_set(2)))
    assert found["32"] > 4 * found["16"]
    assert found["32"] > 5 * distances(face_set(2))["32"]


def test_colour_and_contrast_are_seen_at_the_coarse_level():
    faithful = distances(face_set(2))["16"]
    assert distances(face_set(2) + np.array([0.3, 0, 0]))["16"] > 4 * faithful
    assert distances(face_set(2)[..., ::-1])["16"] > 4 * faithful
    assert distances(face_set(2) * 0.7)["16"] > 2 * faithful


def test_few_different_faces_are_seen():
    found = [distances(np.resize(face_set(2)[:count], face_set(2).shape))["average"] for count in (1, 10, 50, COUNT)]
    assert found == sorted(found, reverse=True)
    assert found[1] > 2 * found[-1]


def test_seeds_agree():
    found = [distances(blurred(face_set(2)), seed=seed)["average"] for seed in range(3)]
    assert np.ptp(found) < 0.1 * np.mean(found)
    assert found[0] == distances(blurred(face_set(2)), seed=0)["average"]


def test_sets_of_one_colour_do_not_divide_by_zero():
    grey = np.zeros((4, 16, 16, 3), np.float32)
    assert distances(grey, real=grey)["average"] == 0
    step = 2 / 255                                                        # of uint8, two of the shortest ruler
    assert distances(grey + step, real=grey)["average"] == pytest.approx(2000 * np.sqrt(2 / np.pi), rel=0.2)


def test_sets_of_one_picture_over_and_over_have_a_distance():
    one = np.repeat(face_set(1)[:1], 4, axis=0)
    assert distances(one, real=one) == {"16": 0, "32": 0, "average": 0}
    assert 100 < distances(np.repeat(face_set(2)[:1], 4, axis=0), real=one)["average"] < 1e4


def test_the_ruler_for_one_colour_is_shorter_than_any_faces():
    for level in laplacian_pyramid.forward(face_set(1), swd.SMALLEST_LEVEL)[0]:
        assert level.std(axis=(0, 1, 2)).min() > 4 * swd.SMALLEST_STD


def test_sets_must_have_one_shape():
    with pytest.raises(ValueError, match="one shape"):
        distances(face_set(1)[:5])


def test_the_numbers_stay_what_they_were():
    """Logs of runs are compared by them."""
    real, other = (to_float(faces(seed, 0, 40, 32)) for seed in (1, 2))
    assert distances(other, real) == pytest.approx({"16": 165.397049, "32": 63.140189, "average": 114.268619}, rel=1e-5)


# pieces


def clouds(seed, count=500, width=12):
    rng = np.random.default_rng(seed)
    a, b = rng.standard_normal((2, count, width), dtype=np.float32)
    return a, b * 1.5 + 0.2


@given(seed=st.integers(0, 2**32))
def test_cloud_distance_is_symmetric_positive_and_zero_on_equal_clouds(seed):
    a, b = clouds(seed)
    there = swd.cloud_distance(a, b, np.random.default_rng(seed))
    assert there == pytest.approx(swd.cloud_distance(b, a, np.random.default_rng(seed)), rel=1e-6)
    assert there > 0
    assert swd.cloud_distance(a, np.random.default_rng(seed).permutation(a), np.random.default_rng(seed)) == 0


@given(seed=st.integers(0, 2**32))
def test_rounded_projections_give_the_distance_of_exact_ones(seed):
    a, b = (cloud.astype(np.float64) for cloud in clouds(seed))
    rng = np.random.default_rng(seed)
    exact = []
    for _ in range(swd.REPEATS):
        directions = rng.standard_normal((swd.DIRECTIONS, a.shape[1]), dtype=np.float32).astype(np.float64)
        directions /= np.linalg.norm(directions, axis=1, keepdims=True)
        exact.append(np.abs(np.sort(a @ directions.T, axis=0) - np.sort(b @ directions.T, axis=0)).mean())
    found = swd.cloud_distance(a.astype(np.float32), b.astype(np.float32), np.random.default_rng(seed))
    assert found == pytest.approx(np.mean(exact), rel=1e-4)


def test_on_a_line_it_is_the_mean_distance_of_numbers_in_order():
    """The outermost and those that lie near to each other are not mixed up by the rounding."""
    def distance(a, b):
        return swd.cloud_distance(*(np.array(x, np.float32)[:, None] for x in (a, b)), np.random.default_rng(0))

    assert distance([1.0, -1.0], [-0.5, 1.0]) == pytest.approx(0.25, rel=1e-3)
    assert distance([1.0, 1.0], [-1.0, -1.0]) == pytest.approx(2.0, rel=1e-6)
    step, ends = 3 / swd.STEPS, [1.0] * 50
    assert distance(ends + [0.0] * 50, ends + [step] * 50) == pytest.approx(step / 2, rel=1e-3)


def test_shifted_clouds_are_as_far_as_the_shift_projects():
    a, _ = clouds(0, width=147)
    b = a.copy()
    b[:, 0] += 2.0
    one_axis_of_147 = 2.0 * np.sqrt(2 / np.pi / 147)  # mean |cosine| in 147 dimensions
    assert swd.cloud_distance(a, b, np.random.default_rng(0)) == pytest.approx(one_axis_of_147, rel=0.15)


def test_patches_are_cut_where_the_places_say_and_reach_every_corner():
    images = np.random.default_rng(0).standard_normal((8, 9, 10, 3), dtype=np.float32)
    places = swd.draw_places(np.random.default_rng(1), images.shape)
    found = swd.patches(images, places)
    assert found.shape == (8 * 128, 147)
    for i in range(0, len(found), 97):
        image, row, column = (axis[i] for axis in places)
        np.testing.assert_array_equal(found[i].reshape(7, 7, 3), images[image, row : row + 7, column : column + 7])
    assert np.bincount(places[0]).tolist() == [128] * 8
    assert (places[1].min(), places[1].max(), places[2].min(), places[2].max()) == (0, 2, 0, 3)


def test_inputs_are_not_changed():
    real, other = face_set(1).copy(), face_set(2).copy()
    distances(other, real=real)
    np.testing.assert_array_equal(real, face_set(1))
    np.testing.assert_array_equal(other, face_set(2))


@pytest.mark.gpu
def test_cupy_agrees_with_numpy():
    cupy = pytest.importorskip("cupy")
    on_gpu = swd.sliced_wasserstein(cupy.asarray(face_set(1)), cupy.asarray(face_set(2)), np.random.default_rng(0))
    assert on_gpu == pytest.approx(distances(face_set(2)), rel=1e-3)
