"""One process at a time in a folder: a lock that the system takes back when its holder ends, however it ends."""

import contextlib
import errno
import os

from minihit.atomic import CURES
from minihit.errors import UserError

TAKEN = (errno.EWOULDBLOCK, errno.EACCES, errno.EDEADLK)  # flock's answer, and those of Windows


@contextlib.contextmanager
def exclusive(path, what):
    """Hold the lock of the file `path` while the block runs; nobody waits for it.

    path: an empty file, made where it is missing and never removed, as two processes could then lock two files.
    what: names the thing that is locked in the sentence, such as "the run in runs/faces-32".
    A killed holder leaves the file and not the lock. The holder must not fork: its child would hold the lock as well.

    Raises UserError where another holds it, in this process or any other of this machine, and where `path` cannot be
    opened or its file system knows no locks.
    """
    try:
        path = os.fspath(path)
        os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
        file = open(path, "ab")  # noqa: SIM115, closed below
    except OSError as error:
        cure = CURES.get(error.errno, "choose another folder")
        raise UserError(f"cannot write {path}: {error.strerror}; {cure}") from error
    with file:
        try:
            _lock(file)
        except OSError as error:
            if error.errno in TAKEN:
                raise UserError(f"{what} is in use by another minihit: wait until it has ended, "
                                "or choose another folder") from error
            raise UserError(f"cannot lock {path}: {error.strerror}; "
                            "choose a folder on a disk of this machine") from error
        yield


if os.name == "nt":
    import msvcrt

    def _lock(file):
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def _lock(file):
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
