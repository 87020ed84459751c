"""Whether the files of a store are those its manifest describes: at a glance where that is enough, else by hash."""

import contextlib
import os

from minihit.data.store.manifest import IMAGES, MANIFEST, damaged, describe_file


def require_images(folder, manifest, progress=None):
    """Compare the images with their hash where their file was changed, or put there, after the manifest.

    It was written before, so this is so after images were replaced, or a store was copied; the manifest's time then
    says that they were compared. progress: called as progress(done, total) with images.
    Raises UserError where they are others.
    """
    if _changed(folder / IMAGES) <= _changed(folder / MANIFEST):
        return
    compare(folder, manifest, IMAGES, progress and _in_images(manifest, progress))
    with contextlib.suppress(OSError):  # somebody else's store, or a disk that cannot be written to
        os.utime(folder / MANIFEST)


def compare(folder, manifest, name, progress=None):
    """Read a file whole; raises UserError where it is not what the manifest says.

    progress: called as progress(count) with the bytes just read.
    """
    try:
        found = describe_file(folder / name, progress)
    except OSError as error:
        raise damaged(folder, f"{name}: {error.strerror}") from error
    if found != manifest.files[name]:
        raise damaged(folder, f"{name} is not what it was when the store was made")


def stamp(path):
    """What differs once a file was changed: its length and its time in ns. Raises UserError where it is gone."""
    facts = _stat(path)
    return facts.st_size, facts.st_mtime_ns


def _changed(path):
    """When a file was last written, renamed or put there, in ns: moving an older file to its place counts."""
    facts = _stat(path)
    return facts.st_mtime_ns if os.name == "nt" else max(facts.st_mtime_ns, facts.st_ctime_ns)


def _stat(path):
    try:
        return os.stat(path)
    except OSError as error:
        raise damaged(path.parent, f"{path.name}: {error.strerror}") from error


def _in_images(manifest, progress):
    """A function of the bytes just read that calls progress(done, total) with images."""
    done = 0

    def count(length):
        nonlocal done
        done += length
        progress(done * manifest.count // manifest.files[IMAGES]["bytes"], manifest.count)

    return count
