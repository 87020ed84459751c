import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minihit.data.store.twins import count_twins, sentences


@given(kinds=st.lists(st.integers(0, 9), min_size=1, max_size=200), cut=st.integers(0, 200))
def test_it_counts_what_a_set_counts(kinds, cut):
    """The number of an image says what is on it."""
    images = np.random.default_rng(0).integers(0, 256, (10, 8, 8, 3)).astype(np.uint8)[kinds]
    cut = min(cut, len(kinds))
    equal, shared = count_twins(images, {"train": cut, "test": len(kinds) - cut})
    assert equal == len(kinds) - len(set(kinds))
    assert shared == len(set(kinds[:cut]) & set(kinds[cut:]))
    assert count_twins(images) == (equal, 0)


def test_a_picture_in_three_splits_counts_once():
    images = np.zeros((6, 4, 4, 3), np.uint8)
    images[1] = 1
    assert count_twins(images, {"train": 2, "valid": 2, "test": 2}) == (4, 1)


def test_one_pixel_tells_two_images_apart():
    images = np.zeros((3, 64, 64, 3), np.uint8)
    images[1, 63, 63, 2] = 1
    assert count_twins(images, {"train": 3}) == (1, 0)


@pytest.mark.parametrize("counts, said", [
    ((0, 1), []), ((0, 9), []),
    ((8, 9), ["all 9 are the same picture, of which there is nothing to learn"]),
    ((2, 9), ["2 of 9 repeat an earlier one, pixel for pixel"]),
    ((2, 9, 1), ["2 of 9 repeat an earlier one, pixel for pixel",
                 "1 stand in more than one split, so that not all that is held out is new"]),
])
def test_what_is_said_about_them(counts, said):
    assert sentences(*counts) == said
