"""What a file is that is no picture: what may hide pictures in it, and what to do about that."""

import re
from pathlib import PurePosixPath
from typing import NamedTuple

from minihit.data.prepare.formats import JXL, SUFFIXES, is_heif, is_picture

START = 1024  # bytes that tell what a file is
MARK = b"Software\0minihit"  # in the pictures that minihit writes (`minihit.show.images`)
MARKED = (".png", ".gif")
RAW = (".dng", ".cr2", ".cr3", ".crw", ".nef", ".nrw", ".arw", ".srf", ".sr2", ".orf", ".rw2", ".raf", ".pef", ".srw",
       ".3fr", ".iiq", ".x3f", ".dcr", ".kdc", ".mrw", ".erf", ".mef", ".mos")


class Kind(NamedTuple):
    """label: what such files have in common, as ".txt"; what and cure: what it is that may hide pictures, and what
    to do about {it}; both "" where it is nothing of that sort."""

    label: str
    what: str = ""
    cure: str = ""

    def __str__(self):
        return f"{self.label} ({self.what}: {self.cure.format(it='that')})" if self.what else self.label


OWN = Kind("written by minihit itself")
ARCHIVE = "an archive", "unpack it and give the folder"
ZIP = "a zip", "unpack it, or give {it} to minihit data prepare"
PARQUET = "a Parquet file", "give {it} to minihit data prepare"
ARROW = "an Arrow table", "make Parquet of it, as datasets.load_from_disk(...).to_parquet(...) does"
ARRAY = "an array", "give {it} to minihit train --data"
ARRAYS = "several arrays", "write the one with the images by numpy.save and give it to minihit train --data"
DATABASE = "a database", "write its pictures into a folder, one file each"
RECORDS = "packed records", "write their pictures into a folder, one file each"
PICKLE = "a pickle, which is never opened", "write its pictures into a folder, one file each"
VIDEO = "a video", "write its frames into a folder, one PNG each"
DOCUMENT = "a document", "export its pictures as PNG"
DRAWING = "a drawing", "export it as PNG"
RAW_PHOTO = "a camera's raw picture", "develop it into a JPEG"
ONE_PICTURE = "a single picture", "give the folder that it lies in"
PAGE = "a web page", "download the picture itself"
HEIC = "HEIC, which pillow-heif reads", 'pip install "minihit[heic]", or convert it to JPEG'
JPEG_XL = "JPEG XL", "convert it to PNG"
AVIF = "AVIF, which a newer Pillow reads", "pip install --upgrade pillow, or convert it to PNG"

UNKNOWN = "", ""
PICTURES = (HEIC, JPEG_XL, AVIF)

BEGINNINGS = {  # (offset, bytes) -> what it is
    (0, b"PK\x03\x04"): ZIP, (0, b"PK\x05\x06"): ZIP, (257, b"ustar"): ARCHIVE, (0, b"7z\xbc\xaf\x27\x1c"): ARCHIVE,
    (0, b"Rar!\x1a\x07"): ARCHIVE, (0, b"\x1f\x8b"): ARCHIVE, (0, b"BZh"): ARCHIVE, (0, b"\xfd7zXZ\0"): ARCHIVE,
    (0, b"\x28\xb5\x2f\xfd"): ARCHIVE, (0, b"\x04\x22\x4d\x18"): ARCHIVE, (0, b"PAR1"): PARQUET, (0, b"ARROW1"): ARROW,
    (0, b"\x93NUMPY"): ARRAY, (0, b"\x89HDF\r\n"): DATABASE, (16, b"\xde\xc0\xef\xbe"): DATABASE,
    (0, b"SQLite format 3"): DATABASE, (0, b"MATLAB 5.0"): ARRAYS, (0, b"%PDF"): DOCUMENT, (0, b"%!PS"): DRAWING,
    (4, b"ftypavi"): AVIF, (4, b"ftyp"): VIDEO, (8, b"AVI "): VIDEO, (0, b"\x1aE\xdf\xa3"): VIDEO, (0, b"FLV"): VIDEO,
    (0, b"\0\0\1\xba"): VIDEO, (0, b"\0\0\1\xb3"): VIDEO,
}
NAMES = {  # what shows in the name better than in the content
    **dict.fromkeys(RAW, RAW_PHOTO),
    **dict.fromkeys((".npz", ".mat"), ARRAYS),
    **dict.fromkeys((".tar", ".tgz", ".gz", ".bz2", ".xz", ".zst", ".7z", ".rar", ".lz4"), ARCHIVE),
    **dict.fromkeys((".arrow", ".feather"), ARROW),
    **dict.fromkeys((".mdb", ".lmdb", ".h5", ".hdf5", ".sqlite", ".db3"), DATABASE),
    **dict.fromkeys((".tfrecord", ".tfrecords", ".rec", ".beton", ".msgpack"), RECORDS),
    **dict.fromkeys((".pkl", ".pickle", ".pt", ".pth", ".joblib"), PICKLE),
    **dict.fromkeys((".docx", ".pptx", ".xlsx", ".odt", ".odp", ".epub"), DOCUMENT),
    ".npy": ARRAY, ".svg": DRAWING, ".eps": DRAWING,
}


def classify(name, opened):
    """The Kind of a file; None for a picture, and for what cannot be looked into: reading it will say why.

    name: its path; opened: called for an open binary file, unless the name says enough.
    """
    suffix = PurePosixPath(name).suffix.lower()
    if suffix in SUFFIXES and suffix not in MARKED:
        return None
    if suffix in RAW:
        return Kind(suffix, *RAW_PHOTO)
    try:
        with opened() as file:
            start = file.read(START)
            file.seek(0)
            if MARK in start:
                return OWN
            if is_picture(name, file):
                return None
    except Exception:  # anything may be in a file
        return None
    return Kind(suffix if re.fullmatch(r"\.\w{1,12}", suffix) else "of no usual suffix", *named(start, suffix))


def named(start, suffix=""):
    """(what, cure) of a file that is no picture, by its first bytes or the end of its name; UNKNOWN otherwise."""
    if suffix in NAMES:
        return NAMES[suffix]
    if is_heif(start):
        return HEIC
    if start.startswith(JXL):
        return JPEG_XL
    found = (kind for (offset, magic), kind in BEGINNINGS.items() if start[offset : offset + len(magic)] == magic)
    return next(found, None) or _text(start)


def _text(start):
    text = start.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if text.startswith((b"<!doctype html", b"<html")):
        return PAGE
    return DRAWING if text.startswith((b"<svg", b"<?xml")) and b"<svg" in text else UNKNOWN
