"""One process at a time in a folder: a lock that the system takes back when its holder ends, however it ends.

Some network disks know no such locks. There a file beside it is the lock, made as nobody can make it twice; a killed
holder leaves it behind, and its user has to remove it.
"""

import contextlib
import errno
import os
import socket

from minihit.atomic import CURES
from minihit.errors import UserError

TAKEN = (errno.EWOULDBLOCK, errno.EACCES, errno.EDEADLK)  # flock's answer, and those of Windows
HELD = ".held"  # what the name of the file beside it ends in


@contextlib.contextmanager
def exclusive(path, what, report=print):
    """Hold the lock of the file `path` while the block runs; nobody waits for it.

    path: an empty file, made where it is missing and never removed, as two processes could then lock two files.
    what: names the thing that is locked in the sentence, such as "the run in runs/faces-32".
    report: is told where the disk knows no locks.
    A killed holder leaves the file and not the lock. The holder must not fork: its child would hold the lock as well.

    Raises UserError where another holds it, in this process or any other of this machine, and where `path` cannot be
    opened.
    """
    path = os.fspath(path)
    try:
        os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
        file = open(path, "ab")  # noqa: SIM115, closed below
    except OSError as error:
        raise _refusal(path, error) from error
    with file, contextlib.ExitStack() as held:
        try:
            _lock(file)
        except OSError as error:
            if error.errno in TAKEN:
                raise UserError(f"{what} is in use by another minihit: wait until it has ended, "
                                "or choose another folder") from error
            held.enter_context(_file_beside(path + HELD, what))
            report(f"the disk of {path} knows no locks ({error.strerror}); {path + HELD} takes the place of one: "
                   f"should this process be killed, delete that file")
        yield


@contextlib.contextmanager
def _file_beside(path, what):
    """A file that only one process can make, with its number and machine in it; removed at the end."""
    try:
        with open(path, "x", encoding="utf-8") as file:
            file.write(f"process {os.getpid()} on {socket.gethostname()}")
    except FileExistsError as error:
        raise UserError(f"{what} is in use by {_holder(path)}: wait until it has ended, or choose another folder; "
                        f"should there be no such process any more, delete {path}") from error
    except OSError as error:
        raise _refusal(path, error) from error
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            os.remove(path)


def _holder(path):
    with contextlib.suppress(OSError), open(path, encoding="utf-8", errors="replace") as file:
        return file.read(200) or "another minihit"
    return "another minihit"


def _refusal(path, error):
    return UserError(f"cannot write {path}: {error.strerror}; {CURES.get(error.errno, 'choose another folder')}")


if os.name == "nt":
    import msvcrt

    def _lock(file):
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def _lock(file):
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
