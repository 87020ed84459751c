"""Places that pictures are read from where they lie: a folder, a zip, Parquet files. All answer the same calls.

    with open_source("img_align_celeba.zip") as source:
        for entry in source.pictures:
            with source.open(entry) as file:                # from any thread
                picture = decode(file)

Every file of a source is one of its `pictures`, or counted in `passed`, by its kind; tables are among the `others`.
`closed` says which folders were not gone into, `doubts` what is odd about pictures that were read. Names in a source
are only ever labels: nothing is written to a path that a source gives.
"""

import contextlib
import os
import stat
import zipfile
from collections import Counter
from pathlib import Path

from minihit.data.prepare.files import Folder, Zip
from minihit.data.prepare.formats import is_picture
from minihit.data.prepare.kinds import ARCHIVE, ONE_PICTURE, PAGE, PARQUET, START, UNKNOWN, ZIP, named
from minihit.errors import UserError

WHERE_CELEBA_IS = ("CelebA is given out by MMLAB of the Chinese University of Hong Kong on the project page "
                   "\"Large-scale CelebFaces Attributes (CelebA) Dataset\", the aligned faces as img_align_celeba.zip")


@contextlib.contextmanager
def open_source(path, column=None):
    """The source at `path`, open while the block runs: a folder or a zip of pictures, one or a folder of Parquet files.

    It has `path`; `pictures` and `others`, its files as Entry, sorted by path; `passed`, `closed`, `doubts` and
    `open(entry)`.
    column: of Parquet files, the one with the pictures; None: found.
    Raises UserError where there is nothing, nothing that can be read, or not one picture.
    """
    source = _find(Path(path), column)
    try:
        if column and isinstance(source, (Folder, Zip)):
            raise UserError(f"--column names a column of Parquet files and the pictures of {path} lie in none: leave "
                            "it out")
        _require_pictures(source)
        yield source
    finally:
        source.close()


def open_folder(path):
    """The Folder at `path`. Raises UserError where there is none, or not one picture in it."""
    if not path.is_dir():
        what, cure = _kind(path) if path.is_file() else ("", "")
        found = f" but {what}: {cure.format(it=path)}" if what else "; check the path"
        raise UserError(f"there is no folder of images (or .npy file) at {path}{found}")
    source = _of_folder(path)
    _require_pictures(source)
    if isinstance(source, Folder):
        return source
    source.close()
    raise UserError(f"the pictures in {path} lie in Parquet files: minihit data prepare {path} STORE, and then train "
                    "with --data STORE")


def _require_pictures(source):
    if source.pictures:
        return
    packed = next((entry.name for entry in source.others if entry.name.lower().endswith((".zip", ".parquet"))), None)
    if packed:
        cure = "give that" if isinstance(source, Folder) else "unpack it and give that"
        raise UserError(f"there are no images in {source.path} but {packed}: {cure} to minihit data prepare")
    kinds = ", ".join(f"{count:,} {kind}" for kind, count in source.passed.most_common())
    others = f"only {source.passed.total():,} other files: {kinds}" if kinds else "nothing at all"
    closed = f"; not looked into: {'; '.join(source.closed)}" if source.closed else ""
    raise UserError(f"there are no images in {source.path}, {others}{closed}")


def _find(path, column):
    mode = _mode(path)
    if stat.S_ISDIR(mode):
        return _of_folder(path, column)
    if not stat.S_ISREG(mode):  # it would be read without end
        raise UserError(f"{path} is a pipe or a device and no file: give a folder of pictures, a zip, or Parquet files")
    what, cure = _kind(path)
    if path.suffix.lower() == ".parquet" or (what, cure) == PARQUET:
        return _parquet(path, [path], column)
    if (what, cure) == PAGE:
        raise UserError(f"{path} is a web page and not a zip: what Google Drive sends once a file was downloaded too "
                        f"often; try again later; {WHERE_CELEBA_IS}")
    if path.suffix.lower() == ".zip" or (what, cure) == ZIP or (not what and zipfile.is_zipfile(path)):
        return Zip(path)
    but = f" but {what}" if (what, cure) not in (UNKNOWN, ARCHIVE) else ""
    cure = cure.format(it=path) or "give a folder of pictures"
    raise UserError(f"{path} is neither a folder nor a zip nor a Parquet file{but}: {cure}")


def _mode(path):
    try:
        return os.stat(path).st_mode
    except (FileNotFoundError, NotADirectoryError) as error:
        raise UserError(f"there is nothing at {path}: give a folder of pictures, a zip, or Parquet files; "
                        f"{WHERE_CELEBA_IS}") from error
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror}; allow it or give another source") from error


def _kind(path):
    """(what, cure) of a file that was given as a source."""
    try:
        with open(path, "rb") as file:
            kind = named(file.read(START), path.suffix.lower())
            file.seek(0)
            return kind if kind[0] or not is_picture(path.name, file) else ONE_PICTURE
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror}; allow it or give another source") from error


def _of_folder(path, column=None):
    """A Folder, or the Parquet files in it where they hold more pictures: a hub puts a thumbnail beside them."""
    folder = Folder(path)
    tables = [entry for entry in folder.others if entry.name.lower().endswith(".parquet")]
    files = [entry.place for entry in tables]
    if not files:
        return folder
    try:
        parquet = _parquet(path, files, column)
    except UserError as error:
        if sum(entry.length for entry in tables) > sum(entry.length for entry in folder.pictures):
            raise
        folder.passed = _others(folder) + Counter({f".parquet ({error})": len(files)})
        return folder
    if len(parquet.pictures) <= len(folder.pictures):
        folder.closed.append(f"{len(parquet.pictures):,} pictures in Parquet files such as {files[0]}, which minihit "
                             "data prepare takes alone")
        return folder
    parquet.passed += _others(folder) + Counter({"beside the Parquet files": len(folder.pictures)})
    parquet.closed += folder.closed
    return parquet


def _others(folder):
    return Counter({kind: count for kind, count in folder.passed.items() if not kind.startswith(".parquet")})


def _parquet(path, files, column=None):
    from minihit.data.prepare.parquet import Parquet

    return Parquet(path, files, column)
