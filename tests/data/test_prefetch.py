import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minihit.data import prefetch
from minihit.data.dataset import ImageFolder

IMAGES = np.arange(37, dtype=np.uint8).reshape(37, 1, 1, 1).repeat(3, axis=3)
DATA = ImageFolder(IMAGES, IMAGES, seed=0)


@given(position=st.integers(0, 200), batch=st.integers(1, 40))
def test_batches_are_what_take_gives(position, batch):
    with prefetch.batches(DATA, position, batch) as upcoming:
        for step in range(2 * prefetch.AHEAD // batch + 2):
            np.testing.assert_array_equal(next(upcoming), DATA.take(position + step * batch, batch))


def test_an_error_of_the_reader_comes_through():
    class Broken:
        def take(self, position, count):
            raise OSError("the disk is gone")

    with prefetch.batches(Broken(), 0, 4) as upcoming, pytest.raises(OSError, match="the disk is gone"):
        next(upcoming)
