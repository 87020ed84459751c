import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minihit.data.faces.render import faces
from minihit.metrics.nearest_neighbour import block_means, nearest
from minihit.show.images import to_float


def chunks(images, size):
    return (images[start:start + size] for start in range(0, len(images), size))


@given(seed=st.integers(0, 2**32), size=st.sampled_from([8, 16, 32]), chunk=st.integers(1, 12))
def test_it_finds_what_comparing_every_pair_finds(seed, size, chunk):
    rng = np.random.default_rng(seed)
    images, references = (rng.integers(0, 256, (count, size, size, 3)).astype(np.uint8) for count in (5, 11))
    number, distance = nearest(to_float(images), chunks(references, chunk))
    a = block_means(to_float(np.stack([images, images[:, :, ::-1]]).reshape(10, size, size, 3))).reshape(2, 5, 1, -1)
    pairs = np.sqrt(((a - block_means(to_float(references))) ** 2).mean(axis=-1)).min(axis=0)      # (5, 11)
    np.testing.assert_array_equal(number, pairs.argmin(axis=1))
    np.testing.assert_allclose(distance, pairs.min(axis=1), rtol=1e-5)


def test_block_means_are_means_of_blocks():
    images = np.random.default_rng(0).random((2, 64, 64, 3), dtype=np.float32)
    means = block_means(images).reshape(2, 16, 16, 3)
    np.testing.assert_allclose(means[1, 3, 5], images[1, 12:16, 20:24].mean(axis=(0, 1)), rtol=1e-6)


def test_a_shade_between_two_is_nearest_to_the_nearer():
    references = np.stack([np.full((16, 16, 3), shade, np.uint8) for shade in (253, 254)])
    between = to_float(references).mean(axis=0, keepdims=True)
    assert [nearest(between + nudge, [references])[0].item() for nudge in (-5e-4, 5e-4)] == [0, 1]


@pytest.mark.parametrize("size", [4, 8])
def test_of_equal_images_the_first_is_named(size):
    images = faces(0, 0, 4, 32)
    number, _ = nearest(to_float(images), chunks(np.concatenate([images, images]), size))
    assert number.tolist() == [0, 1, 2, 3]


def test_a_copy_is_at_distance_zero_whichever_way_it_looks():
    references = faces(0, 0, 20, 32)
    number, distance = nearest(to_float(references[[3, 17]][:, :, ::-1]), [references])
    assert number.tolist() == [3, 17]
    assert distance.max() == 0


def test_a_noisy_or_soft_copy_is_nearer_than_another_face():
    references, others = faces(0, 0, 200, 32), faces(1, 0, 20, 32)
    copies = to_float(references[:20])
    noisy = copies + 0.1 * np.random.default_rng(0).standard_normal(copies.shape, dtype=np.float32)
    soft = copies.reshape(20, 16, 2, 16, 2, 3).mean(axis=(2, 4)).repeat(2, axis=1).repeat(2, axis=2)
    new = np.median(nearest(to_float(others), [references])[1])
    for images in (noisy, soft):
        number, distance = nearest(images, [references])
        assert number.tolist() == list(range(20))
        assert np.median(distance) < 0.5 * new


def test_memory_does_not_grow_with_the_number_of_references():
    def peak(count):
        rng = np.random.default_rng(0)
        tracemalloc.start()
        nearest(np.zeros((2, 32, 32, 3), np.float32),
                (rng.integers(0, 256, (32, 32, 32, 3), dtype=np.uint8) for _ in range(count)))
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    assert peak(40) < 1.2 * peak(4)


@pytest.mark.gpu
def test_cupy_agrees_with_numpy():
    cupy = pytest.importorskip("cupy")
    images, references = to_float(faces(1, 0, 10, 32)), faces(0, 0, 50, 32)
    here = nearest(images, chunks(references, 16))
    there = nearest(cupy.asarray(images), chunks(cupy.asarray(references), 16))
    np.testing.assert_array_equal(there[0], here[0])
    np.testing.assert_allclose(there[1], here[1], rtol=1e-4)
