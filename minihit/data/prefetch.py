"""Batches ready on the device before they are needed: read ahead by a thread, or gathered from images that lie there.

Shapes: batch uint8 (B, S, S, 3). Both ways give what data.take gives, bit for bit, and neither lets the host wait for
the device.
"""

import itertools
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import numpy as np

from minihit.backend import device_module, pinned, to_device
from minihit.data.dataset import ImageSet, gather
from minihit.errors import UserError

AHEAD = 256                                                               # images at least
PIECE = 2**26                                                             # bytes


@contextmanager
def batches(data, position, batch, device="cpu", images=None):
    """An endless iterator of batches on the device, from a position of the data set on; leaving stops the thread.

    images: all images of the data set on the device, as `resident` gives them; None: a thread reads from the host, and
    begins at once.
    """
    if images is not None:
        yield _gathered(data, images, position, batch)
        return
    with ThreadPoolExecutor(1) as reader:
        yield _read_ahead(reader, data, position, batch, device)


def _read_ahead(reader, data, position, batch, device):
    """Several batches at a time: many images together are quicker per image. On a GPU they wait in pinned memory, so
    that the host need not wait until they are copied."""
    count = batch * max(1, AHEAD // batch)

    def read(position):
        images = data.take(position, count)
        return images if device == "cpu" else pinned(images)

    reads = (reader.submit(read, start) for start in itertools.count(position, count))
    return _uploaded(next(reads), reads, batch, device)


def _uploaded(upcoming, reads, batch, device):
    while True:
        images, upcoming = upcoming.result(), next(reads)
        for start in range(0, len(images), batch):
            yield to_device(images[start:start + batch], device)


def _gathered(data, images, position, batch):
    """Only the plan, a few numbers an image, goes up."""
    for start in itertools.count(position, batch):
        yield gather(images, data.plan(start, batch), data.size)


def resident(data, device, choice, room):
    """All images of a data set on the device, uint8 (N, S, S, 3); None where a thread should read them from the host.

    choice: "yes", "no", or "auto", which is yes where they take less than half of `room`, bytes that are free there.
    On the CPU, and for images without end, None in any case. Raises UserError where they do not fit.
    """
    if device == "cpu" or choice == "no" or not isinstance(data, ImageSet):
        return None
    size = data.images.nbytes
    if choice == "auto" and size > room // 2:
        return None
    if size > room:
        raise UserError(f"the images of {data.source} take {size / 1e9:.1f} GB and the {device} has "
                        f"{room / 1e9:.1f} GB left: choose --data-on-device no")
    return _upload(data, device_module(device))


def _upload(data, xp):
    """In pieces, as each takes as much pinned memory on the host."""
    data.check()
    images, count = xp.empty(data.images.shape, np.uint8), max(1, PIECE // data.images[0].nbytes)
    for start in range(0, len(images), count):
        images[start:start + count] = xp.asarray(data.images[start:start + count])
    return images
