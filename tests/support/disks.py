"""Small disks for tests: a folder on a file system of its own, which fills up as real ones do."""

import contextlib
import os
import subprocess

import pytest


@contextlib.contextmanager
def mounted(place, size):
    """The folder `place`, with room for `size` ("2m"); the test is skipped where no disk can be mounted."""
    place.mkdir()
    try:
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", place], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"a disk cannot be mounted here: {error}")
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", place], check=True)


def fill(disk, room):
    """Leave room for so many bytes."""
    ballast = disk / "ballast"
    ballast.unlink(missing_ok=True)
    facts = os.statvfs(disk)
    ballast.write_bytes(bytes(max(0, facts.f_bavail * facts.f_frsize - room)))
