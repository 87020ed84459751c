import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.runs import image_set

from minihit.data import prefetch
from minihit.data.dataset import BuiltInFaces

IMAGES = np.random.default_rng(0).integers(0, 256, (37, 6, 6, 3)).astype(np.uint8)
DATA = image_set(IMAGES, size=4)


@given(position=st.integers(0, 200), batch=st.integers(1, 40))
def test_batches_are_what_take_gives(position, batch):
    with prefetch.batches(DATA, position, batch) as upcoming:
        for step in range(2 * prefetch.AHEAD // batch + 2):
            np.testing.assert_array_equal(next(upcoming), DATA.take(position + step * batch, batch))


@given(position=st.integers(0, 200), batch=st.integers(1, 40))
def test_batches_gathered_on_the_device_are_what_take_gives(position, batch):
    with prefetch.batches(DATA, position, batch, images=DATA.images) as upcoming:
        for step in range(5):
            np.testing.assert_array_equal(next(upcoming), DATA.take(position + step * batch, batch))


class Reported:
    """A data set that notes who reads what, and can be told to hold the reader up."""

    def __init__(self):
        self.positions, self.threads, self.free = [], set(), threading.Semaphore(0)

    def take(self, position, count):
        self.positions.append(position)
        self.threads.add(threading.current_thread())
        self.free.acquire()
        return np.full((count, 1, 1, 3), len(self.positions), np.uint8)


def test_a_thread_reads_one_chunk_ahead_and_no_step_reads_itself():
    """While the batches of one chunk are used, the next chunk is read: a step waits only for a slower reader."""
    data, batch = Reported(), 16
    a_chunk = prefetch.AHEAD // batch
    with prefetch.batches(data, 0, batch) as upcoming:
        data.free.release()                                               # reading began before anyone asked
        for _ in range(a_chunk):
            assert next(upcoming)[0, 0, 0, 0] == 1                        # although the second chunk is held up
        data.free.release()
        assert next(upcoming)[0, 0, 0, 0] == 2
        for _ in range(2):
            data.free.release()
    assert data.positions[:2] == [0, prefetch.AHEAD]
    assert len(data.positions) <= 3
    assert threading.current_thread() not in data.threads and len(data.threads) == 1


def test_an_error_of_the_reader_comes_through():
    class Broken:
        def take(self, position, count):
            raise OSError("the disk is gone")

    with prefetch.batches(Broken(), 0, 4) as upcoming, pytest.raises(OSError, match="the disk is gone"):
        next(upcoming)


@pytest.mark.parametrize("data, device, choice", [
    (DATA, "cpu", "yes"), (DATA, "gpu", "no"), (BuiltInFaces(8, 0), "gpu", "yes"),
])
def test_images_stay_on_the_host(data, device, choice):
    assert prefetch.resident(data, device, choice, room=10**9) is None
