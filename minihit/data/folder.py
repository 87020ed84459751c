"""A folder of pictures, whatever it holds, as one array of square RGB images in memory."""

import math
from itertools import islice
from pathlib import Path

import numpy as np

from minihit.data.prepare.account import account, remarks
from minihit.data.prepare.decode import reason, to_rgb
from minihit.data.prepare.reading import read
from minihit.data.prepare.sources import open_folder
from minihit.data.prepare.square import Square
from minihit.errors import UserError
from minihit.memory import memory_size

SHOWN = 3  # reasons in a message


def load(folder, size, progress=None, needed=0, report=str, most=None):
    """Read all pictures in a folder, or all images in a .npy file.

    folder: searched with the folders in it (`minihit.data.prepare.walk`). Or a .npy file of uint8, or of floats in
        [0, 1], in the shape (N, H, W) or (N, H, W, 1 | 3 | 4).
    size: pixels a side; every picture is cropped to the largest square in its middle and resized (`Square`).
    progress: called as progress(done, total) after every image.
    needed: bytes of memory that are to be left for other things.
    report: is given what was not taken and why, in a line, and a line on what was taken with doubts.
    most: pictures that are looked at, the first by path; the report says where there are more.
    Returns images, uint8 (N, size, size, 3), sorted by path; and a list of what was skipped, (name, reason) each:
    files that are damaged, no pictures, too small, or too large to open safely.
    Raises UserError where there is no such folder, not one picture in it, or more of them than the memory holds.
    """
    folder, square, source = Path(folder), Square(size), None
    if folder.is_file() and folder.suffix.lower() == ".npy":
        names, outcomes = read_array(folder, square)
    else:
        source = open_folder(folder)
        names, outcomes = [entry.name for entry in source.pictures], read(source, source.pictures, square)
    if len(names[:most]) < len(names):
        report(f"the first {most:,} of {len(names):,} pictures in {folder}")
        names, outcomes = names[:most], islice(outcomes, most)
    images, skipped = _empty(folder, len(names), size, needed), []
    for done, (name, outcome) in enumerate(zip(names, outcomes, strict=True), start=1):
        if isinstance(outcome, str):
            skipped.append((name, outcome))
        else:
            images[done - len(skipped) - 1] = outcome
        if progress:
            progress(done, len(names))
    if len(skipped) == len(names):
        raise UserError(f"none of the {len(names)} pictures in {folder} can be used: {_examples(skipped)}")
    if source:
        _report(source, len(names) - len(skipped), skipped, report)
    return images[: len(names) - len(skipped)], skipped


def read_array(path, square):
    """The images of a .npy file: their numbers, and one after another uint8 (size, size, 3)."""
    array = open_array(path)
    return range(len(array)), squares(path, array, square)


def open_array(path):
    """The images in a .npy file, read in place: (N, H, W) or (N, H, W, 3 | 4). Raises UserError where it has none."""
    try:
        with open(path, "rb") as file:
            np.lib.format.read_magic(file)  # np.load opens other kinds of files as well
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    except Exception as error:  # a damaged header makes NumPy raise nearly anything
        raise UserError(f"cannot read {path}: {reason(error)}; write it with numpy.save(path, images)") from error
    if array.ndim == 4 and array.shape[-1] == 1:
        array = array[..., 0]
    if not array.size or not (array.ndim == 3 or (array.ndim == 4 and array.shape[-1] in (3, 4))):
        raise UserError(f"{path} holds an array {array.shape}; images are (N, H, W) or (N, H, W, 1, 3 or 4)")
    return array


def squares(path, array, square, rows=slice(None)):
    """Rows of what open_array found at the path, one after another uint8 (size, size, 3)."""
    from PIL import Image

    scale = _scale(path, array)
    try:
        square.side(*array.shape[2:0:-1])
    except ValueError as error:
        raise UserError(f"the images of {path} are too small: {error}") from error
    pictures = (Image.fromarray((image * scale).round().astype(np.uint8)) for image in array[rows])
    return (square(to_rgb(picture)) for picture in pictures)


def _scale(path, array):
    """What takes the values of `array` to 0 .. 255."""
    if array.dtype == np.uint8:
        return 1
    if array.dtype.kind == "f" and array.min() >= 0 and array.max() <= 1:
        return 255
    held = f"{array.dtype} from {array.min()} to {array.max()}" if array.dtype.kind in "biuf" else array.dtype
    raise UserError(f"{path} holds {held}; give uint8, or floats from 0 to 1")


def _report(source, taken, skipped, report):
    line = account(taken, [why for _, why in skipped], source.passed, source.closed)
    for words in [line] * bool(line) + list(remarks(source.doubts)):
        report(words)


def _empty(path, count, size, needed):
    """The array that is to be filled. Raises UserError where it does not fit beside what else is needed."""
    taken, limit = count * size * size * 3, memory_size("cpu") or math.inf
    short = taken + needed > limit
    try:
        if short:
            raise MemoryError
        return np.empty((count, size, size, 3), np.uint8)
    except MemoryError as error:
        more = f", training {needed / 1e9:.1f} GB more," if needed else ""
        there = f"there are {limit / 1e9:.1f} GB" if short else "there is less"
        source, first = (path, "") if path.is_dir() else ("FOLDER", "write them into a folder, one PNG each, and then ")
        raise UserError(f"{count:,} images of {size} x {size} need {taken / 1e9:.1f} GB of memory{more} and {there}: "
                        f"{first}minihit data prepare {source} STORE --size {size} makes a store that needs none, for "
                        f"minihit train --data STORE" + _smaller(needed, limit)) from error


def _smaller(needed, limit):
    return "; choose a smaller --preset, --batch or --measure-images too" if needed > limit else ""


def _examples(skipped):
    return "; ".join(f"{path}: {why}" for path, why in skipped[:SHOWN])
