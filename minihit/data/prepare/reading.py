"""The pictures of a source, decoded on all cores, in their order, with never more than a few in memory."""

import errno
import os
import warnings
from collections import deque
from concurrent.futures import ThreadPoolExecutor

from minihit.data.prepare.decode import reason
from minihit.errors import UserError

WORKERS = min(os.cpu_count() or 1, 8)  # Pillow decodes and resizes without Python's lock
DISK_FAULTS = (errno.EIO, errno.ENODEV, errno.ENXIO, errno.ESTALE, errno.EMFILE, errno.ENFILE)
AHEAD = 64  # pictures that are asked for before the first of them is taken


def read(source, entries, square):
    """One after another for every entry: its picture, uint8 (size, size, 3), or why there is none, a str.

    source.doubts gets (name, words) of pictures that are read although they are not as they should be.
    """
    def picture(entry):
        with source.open(entry) as file:
            return square.read(_not_empty(file), lambda words: source.doubts.append((entry.name, words)))

    return in_order(picture, entries)


def scan(source, entries, square):
    """One after another for every entry: why it cannot be used, as far as this shows without decoding it, or None."""

    def problem(entry):
        with source.open(entry) as file:
            square.check(_not_empty(file))

    return in_order(problem, entries)


def _not_empty(file):
    if not file.read(1):
        raise ValueError("the file is empty")
    file.seek(0)
    return file


def in_order(function, items):
    """function(item) of every item, in order, computed by threads; where it fails, the reason as a str.

    Raises UserError where it is not the item that is at fault but the disk it lies on.
    """

    def outcome(item):
        try:
            return function(item)
        except OSError as error:
            if error.errno in DISK_FAULTS:
                raise UserError(f"cannot go on reading ({error.strerror}): see that the disk of the pictures is "
                                "there, and give the command again") from error
            return reason(error)
        except Exception as error:  # a damaged file makes decoders raise nearly anything
            return reason(error)

    pool, pending = ThreadPoolExecutor(WORKERS), deque()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow's: about sizes decode() refuses, damage that may be harmless
            for item in items:
                pending.append(pool.submit(outcome, item))
                if len(pending) > AHEAD:
                    yield pending.popleft().result()
            while pending:
                yield pending.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)
