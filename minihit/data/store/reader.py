"""A prepared data set: a folder with its images in one plain array file, and a manifest that says what they are.

    images.npy       uint8 (count, side, side, 3), read in place: np.load(..., mmap_mode="r") reads it too
    names.json       where each image came from, in the same order
    attributes.npy   int8 (count, attributes), 1 or -1, 0 where unknown; where there are any
    labels.npy       int32 (count,), the class of each image; where there are any
    skipped.json     the files that could not be used, each with its reason
    manifest.json    `minihit.data.store.manifest`; written last, so that a folder with a manifest is a whole store

Images are in the order of their splits, so that a split is a range of rows.
"""

import io
import json
import math
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from minihit.data.store import integrity
from minihit.data.store.manifest import (
    ATTRIBUTES,
    IMAGES,
    LABELS,
    NAMES,
    SKIPPED,
    Manifest,
    damaged,
    read_manifest,
)
from minihit.errors import UserError


@dataclass(frozen=True, eq=False)
class Store:
    """An opened store. images: uint8 (count, side, side, 3), a view of the file that cannot be written to."""

    path: Path
    manifest: Manifest
    images: np.ndarray
    stamp: tuple  # length and time of the image file when it was opened

    def check(self):
        """Raise UserError where the image file was changed since it was opened: reading on could crash or lie."""
        if integrity.stamp(self.path / IMAGES) != self.stamp:
            raise UserError(f"{self.path / IMAGES} was changed while it was in use: see minihit data check {self.path}")

    def rows(self, split):
        """The rows of a split's images, int64; none where there is no such split."""
        sizes = self.manifest.splits
        first = sum(sizes[name] for name in list(sizes)[: list(sizes).index(split)]) if split in sizes else 0
        return np.arange(first, first + sizes.get(split, 0))

    @property
    def names(self):
        """Where each image came from, count texts."""
        try:
            names = json.loads((self.path / NAMES).read_bytes())
        except (OSError, ValueError, RecursionError) as error:
            raise damaged(self.path, f"{NAMES}: {error}") from error
        if not isinstance(names, list) or len(names) != self.manifest.count:
            raise damaged(self.path, f"{NAMES} does not name {self.manifest.count:,} images")
        return names

    @property
    def attributes(self):
        """int8 (count, attributes): 1 where an image has the attribute, -1 where it has not, 0 where nobody knows."""
        return open_array(self.path, ATTRIBUTES, "|i1", (self.manifest.count, len(self.manifest.attributes)))

    @property
    def labels(self):
        """int32 (count,): places in manifest.classes."""
        return open_array(self.path, LABELS, "<i4", (self.manifest.count,))


def open_store(path, progress=None):
    """The Store in a folder, its manifest and the length of its images checked.

    The images are compared with the manifest's hash where their file was changed or put there after the manifest, as
    in a copied store, and then the manifest's time says that they were. Nothing else is read: see `verify`.
    progress: called as progress(done, total) with the images that are compared.
    Raises UserError where it is unfinished, damaged, or no store.
    """
    store = _open(Path(path))
    integrity.require_images(store.path, store.manifest, progress)
    return store


def _open(path):
    manifest = read_manifest(path)
    shape = manifest.count, manifest.side, manifest.side, 3
    stamp = integrity.stamp(path / IMAGES)
    return Store(path, manifest, open_array(path, IMAGES, "|u1", shape), stamp)


def open_array(folder, name, dtype, shape):
    """The array in a .npy file of the store, read in place. Raises UserError where it is not of that dtype and shape.

    The file must begin as NumPy writes it: nothing in it is interpreted.
    """
    path, header = folder / name, npy_header(dtype, shape)
    expected = len(header) + math.prod(shape) * np.dtype(dtype).itemsize
    try:
        with open(path, "rb") as file:
            start, length = file.read(len(header)), os.fstat(file.fileno()).st_size
        if length != expected:
            raise damaged(folder, f"{name} has {length:,} bytes instead of {expected:,}")
        if start != header:
            raise damaged(folder, f"{name} does not begin as an array {shape} does")
        return np.asarray(np.memmap(path, dtype, "r", offset=len(header), shape=shape))
    except OSError as error:
        raise damaged(folder, f"{name}: {error.strerror}") from error


def npy_header(dtype, shape):
    """The beginning of a .npy file; NumPy leaves room in it, so that it is as long for any number of rows."""
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": dtype, "fortran_order": False, "shape": tuple(shape)})
    return header.getvalue()


def verify(path, progress=None):
    """Read a store whole and compare every file with the manifest, length and hash. Returns the Store.

    progress: called as progress(count) with the bytes just read. Raises UserError with the first thing that differs.
    """
    store = _open(Path(path))
    for name in store.manifest.files:
        integrity.compare(store.path, store.manifest, name, progress)
    return store


def skipped_files(path):
    """(name, reason) of each of the files that a store's preparation could not use."""
    try:
        return [(entry["file"], entry["reason"]) for entry in json.loads((path / SKIPPED).read_bytes())]
    except (OSError, ValueError, TypeError, KeyError, RecursionError) as error:
        raise damaged(path, f"{SKIPPED}: {error}") from error
