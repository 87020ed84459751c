"""Files that are either the old one or the new one, never half of each.

A checkpoint cut short by a full disk or a pulled plug must not take the good one before it with it. So nothing is
written in place: the bytes go to a temporary file in the same folder, reach the disk, and are renamed over the target;
then the folder reaches the disk, so that whoever removes an older file next cannot be left without both. Only a killed
process leaves its temporary file; nothing reads it, and `remove_leftovers` takes it away.
"""

import contextlib
import errno
import os
import re
import uuid
from pathlib import Path

from minihit.errors import UserError

CURES = {
    errno.ENOSPC: "free some space there or write somewhere else",
    errno.EDQUOT: "free some of your quota there or write somewhere else",
    errno.EACCES: "choose a place you may write to",
    errno.EPERM: "choose a place you may write to",
    errno.EROFS: "choose a place you may write to",
    errno.EISDIR: "give the name of a file, not of a folder",
    errno.ENOTDIR: "a part of the path is a file, not a folder; choose another path",
    errno.EEXIST: "a part of the path is a file, not a folder; choose another path",
    errno.ENAMETOOLONG: "choose a shorter name",
}


_TEMPORARY = re.compile(r"\..*\.[0-9a-f]{32}\.partial")


@contextlib.contextmanager
def replacing(path, mode="wb"):
    """Open a file that takes the place of `path` when the block ends without an error, and never before.

    path: str or Path; folders that do not exist yet are made, a link is followed, and a device such as /dev/stdout,
        which has no old content to protect, is written to directly.
    mode: "wb", or "w" for UTF-8 text with line ends kept as they are written.
    Yields the open file, to be written to and nothing else: any OSError in the block counts as this file's.
    Whatever goes wrong, an interruption included, the old file stays and the temporary one goes.

    Raises UserError if the system refuses to write (full disk, no permission, a folder of that name ...).
    """
    target = Path(os.path.realpath(path))
    try:
        if os.path.isdir(target):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        if os.path.exists(target) and not os.path.isfile(target):  # a device
            with _open(target, mode) as file:
                yield file
            return
        target.parent.mkdir(parents=True, exist_ok=True)
        with _temporary_beside(target) as temporary:
            with _open(temporary, mode.replace("w", "x")) as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            _keep_permissions(target, temporary)
            os.replace(temporary, target)
            _sync_folder(target.parent)
    except OSError as error:
        if error.errno is None:  # not the system's: an encoder in the block that found its own fault
            raise
        raise UserError(_refusal(path, error, os.path.isfile(target))) from error


def write_bytes(path, content):
    """Put bytes into `path`, all of them or none (`replacing`)."""
    with replacing(path) as file:
        file.write(content)


def write_text(path, text):
    """Put text into `path` as UTF-8, all of it or none (`replacing`)."""
    with replacing(path, "w") as file:
        file.write(text)


def remove_leftovers(*folders):
    """Remove the temporary files that killed processes left in folders, in which nobody may be writing now."""
    for folder in map(Path, folders):
        for path in folder.glob(".*.partial"):
            if _TEMPORARY.fullmatch(path.name):
                path.unlink(missing_ok=True)


def _open(path, mode):
    return open(path, mode) if "b" in mode else open(path, mode, encoding="utf-8", newline="")


@contextlib.contextmanager
def _temporary_beside(target):
    """A free name in the folder of `target`; what is left under it at the end is removed."""
    temporary = target.with_name(f".{target.name[:32]}.{uuid.uuid4().hex}.partial")
    try:
        yield temporary
    finally:
        temporary.unlink(missing_ok=True)


def _sync_folder(folder):
    """Let a rename reach the disk; where a system cannot (Windows, some network disks), it will in its own time."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _keep_permissions(target, temporary):
    if target.exists():
        temporary.chmod(target.stat().st_mode & 0o777)


def _refusal(path, error, old_file_exists):
    reassurance = " (the file that was there is untouched)" if old_file_exists else ""
    cure = CURES.get(error.errno, "write somewhere else")
    return f"cannot write {path}: {os.strerror(error.errno)}; {cure}{reassurance}"
