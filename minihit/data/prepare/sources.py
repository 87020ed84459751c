"""Places that pictures are read from where they lie: a folder, a zip, Parquet files. All answer the same calls.

    with open_source("img_align_celeba.zip") as source:
        for entry in source.pictures:
            with source.open(entry) as file:                # from any thread
                picture = decode(file)

Names in a source are only ever labels: nothing is written to a path that a source gives.
"""

import contextlib
import io
import os
import stat
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from minihit.data.prepare.decode import reason
from minihit.errors import UserError

SUFFIXES = (".png", ".jpg", ".jpeg", ".jfif", ".webp", ".bmp", ".gif", ".tif", ".tiff", ".ppm", ".pgm", ".avif", ".jp2")
MAX_BYTES = 2**28  # of a packed picture: a zip may claim any length
ENCRYPTED = 0x1  # a zip member's flag
WHERE_CELEBA_IS = ("CelebA is given out by MMLAB of the Chinese University of Hong Kong on the project page "
                   "\"Large-scale CelebFaces Attributes (CelebA) Dataset\", the aligned faces as img_align_celeba.zip")


@dataclass(frozen=True)
class Entry:
    """A file of a source. name: its path below the source, with forward slashes; length: in bytes.

    changed: time in ns of the last change of its file, or of the one that it is packed in; checksum: where it has one.
    """

    name: str
    length: int
    place: Any = None  # where its source finds it
    changed: int = 0
    checksum: int = 0


class Folder:
    """The files of a folder and the folders in it, links to folders and hidden names excepted."""

    def __init__(self, path):
        self.path, entries = path, []
        for parent, folders, names in os.walk(path, onerror=_unlistable):
            folders[:] = [name for name in folders if not _hidden(name)]
            places = [Path(parent, name) for name in names if not _hidden(name)]
            entries += [_entry(place, place.relative_to(path).as_posix()) for place in places]
        self.pictures, self.others = _parted(entries)

    def open(self, entry):
        """A binary file. Raises OSError or ValueError, with the reason, where it cannot be read."""
        if not stat.S_ISREG(os.stat(entry.place).st_mode):  # a pipe would be waited for
            raise ValueError("no regular file")
        return open(entry.place, "rb")

    def close(self):
        pass


class Zip:
    """The files of a zip, hidden names excepted."""

    def __init__(self, path):
        self.path = path
        self._file = open(path, "rb")  # noqa: SIM115, closed by close(); a file that is passed in suits threads
        try:
            self._zip = zipfile.ZipFile(self._file)
            members = [info for info in self._zip.infolist() if not info.is_dir()]
        except Exception as error:  # a damaged directory makes zipfile raise nearly anything
            self._file.close()
            raise UserError(f"{path} is not a whole zip ({reason(error)}): copy or download it again") from error
        changed = os.stat(path).st_mtime_ns
        entries = [Entry(info.filename, info.file_size, info, changed, info.CRC) for info in members
                   if not any(map(_hidden, info.filename.split("/")))]
        self.pictures, self.others = _parted(entries)

    def open(self, entry):
        """A binary file in memory. Raises ValueError or what zipfile raises where it cannot be unpacked."""
        if entry.place.flag_bits & ENCRYPTED:
            raise ValueError("encrypted")
        if entry.place.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise ValueError("packed by another method than deflate")  # others unpack without a limit
        if entry.length > MAX_BYTES:
            raise ValueError(f"{entry.length:,} bytes are more than {MAX_BYTES:,}")
        with self._zip.open(entry.place) as file:
            return io.BytesIO(file.read(MAX_BYTES))

    def close(self):
        self._file.close()


@contextlib.contextmanager
def open_source(path):
    """The source at `path`, open while the block runs: a folder or a zip of pictures, one or a folder of Parquet files.

    It has `path`; `pictures` and `others`, its files as Entry, sorted by path; and `open(entry)`.
    Raises UserError where there is nothing, nothing that can be read, or not one picture.
    """
    source = _find(Path(path))
    try:
        _require_pictures(source)
        yield source
    finally:
        source.close()


def open_folder(path):
    """The Folder at `path`. Raises UserError where there is none, or not one picture in it."""
    if not path.is_dir():
        raise UserError(f"there is no folder of images (or .npy file) at {path}; check the path")
    source = Folder(path)
    _require_pictures(source)
    return source


def _require_pictures(source):
    if source.pictures:
        return
    packed = [entry.name for entry in source.others if entry.name.lower().endswith((".zip", ".parquet"))]
    if packed:
        raise UserError(f"there are no images in {source.path} but {packed[0]}: give that to minihit data prepare")
    others = f"only {len(source.others)} other files" if source.others else "nothing at all"
    raise UserError(f"there are no images in {source.path}, {others}; "
                    f"the names of images end in {', '.join(SUFFIXES)}")


def _find(path):
    if not path.exists():
        raise UserError(f"there is nothing at {path}: give a folder of pictures, a zip, or Parquet files; "
                        f"{WHERE_CELEBA_IS}")
    if path.is_dir():
        folder = Folder(path)
        tables = [entry.place for entry in folder.others if entry.name.endswith(".parquet")]
        return _parquet(path, tables) if tables and not folder.pictures else folder
    if path.suffix.lower() == ".parquet":
        return _parquet(path, [path])
    if _is_web_page(path):
        raise UserError(f"{path} is a web page and not a zip: what Google Drive sends once a file was downloaded too "
                        f"often; try again later; {WHERE_CELEBA_IS}")
    if path.suffix.lower() != ".zip" and not zipfile.is_zipfile(path):
        raise UserError(f"{path} is neither a folder nor a zip nor a Parquet file: unpack it and give the folder")
    return Zip(path)


def _parquet(path, files):
    from minihit.data.prepare.parquet import Parquet

    return Parquet(path, files)


def _is_web_page(path):
    with open(path, "rb") as file:
        start = file.read(1024).lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    return start.startswith((b"<!doctype html", b"<html"))


def _parted(entries):
    """Pictures and other files, each sorted by path, upper before lower case."""
    entries = sorted(entries, key=lambda entry: entry.name.split("/"))
    pictures = [entry for entry in entries if entry.name.lower().endswith(SUFFIXES)]
    return pictures, [entry for entry in entries if not entry.name.lower().endswith(SUFFIXES)]


def _hidden(name):
    return name.startswith(".") or name == "__MACOSX"


def _entry(place, name):
    try:
        facts = os.stat(place)
    except OSError:  # a link to nowhere is found when it is opened
        return Entry(name, 0, place)
    return Entry(name, facts.st_size, place, facts.st_mtime_ns)


def _unlistable(error):
    raise UserError(f"cannot look into {error.filename}: {error.strerror}; allow it or move the folder away") from error
