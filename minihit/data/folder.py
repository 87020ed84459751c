"""A folder of pictures, whatever it holds, as one array of square RGB images.

Every image is cropped to the largest square in its middle and resized. Shrinking uses Lanczos with antialiasing, as for
CelebA-HQ and FFHQ: the sharpest of the filters that do not alias. Enlarging uses bicubic, where Lanczos would ring.
"""

import os
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from minihit.data.decode import decode, reason, to_rgb
from minihit.errors import UserError

SUFFIXES = (".png", ".jpg", ".jpeg", ".jfif", ".webp", ".bmp", ".gif", ".tif", ".tiff", ".ppm", ".pgm", ".avif", ".jp2")
WORKERS = 8
BATCH = 1024  # files in flight at a time
SHOWN = 3  # reasons in a message


def load(folder, size, progress=None):
    """Read all pictures in a folder, or all images in a .npy file.

    folder: searched with the folders in it, links to folders and hidden names excepted. Files with other suffixes than
        a picture's are passed over. Or a .npy file of uint8, or of floats in [0, 1], in the shape (N, H, W) or
        (N, H, W, 1 | 3 | 4).
    size: pixels a side. progress: called as progress(done, total) after every image.
    Returns images, uint8 (N, size, size, 3), sorted by path; and a list of what was skipped, (path, reason) each:
    files that are damaged, no pictures, or too large to open safely.
    Raises UserError where there is no such folder, or not one picture in it.
    """
    folder = Path(folder)
    if folder.is_file() and folder.suffix.lower() == ".npy":
        names, outcomes = read_array(folder, size)
    else:
        names = find(folder)
        outcomes = read_files(names, size)
    images, skipped = _empty(len(names), size), []
    for done, (name, outcome) in enumerate(zip(names, outcomes, strict=True), start=1):
        if isinstance(outcome, str):
            skipped.append((name, outcome))
        else:
            images[done - len(skipped) - 1] = outcome
        if progress:
            progress(done, len(names))
    if len(skipped) == len(names):
        raise UserError(f"none of the {len(names)} pictures in {folder} can be read: {_examples(skipped)}")
    return images[: len(names) - len(skipped)], skipped


def find(folder):
    """The picture files in a folder and the folders in it, sorted by path, upper before lower case."""
    if not folder.is_dir():
        raise UserError(f"there is no folder of images (or .npy file) at {folder}; check the path")
    paths = []
    for parent, folders, names in os.walk(folder, onerror=_unlistable):
        folders[:] = [name for name in folders if not name.startswith(".")]
        paths += [Path(parent, name) for name in names if not name.startswith(".")]
    pictures = [path for path in paths if path.suffix.lower() in SUFFIXES]
    if not pictures:
        found = f"only {len(paths)} other files" if paths else "nothing at all"
        raise UserError(f"there are no images in {folder}, {found}; the names of images end in {', '.join(SUFFIXES)}")
    return sorted(pictures, key=lambda path: path.relative_to(folder).parts)


def _unlistable(error):
    raise UserError(f"cannot look into {error.filename}: {error.strerror}; allow it or move the folder away") from error


def read_files(paths, size):
    """One after another for every path: its picture, uint8 (size, size, 3), or why there is none, a str."""
    with ThreadPoolExecutor(WORKERS) as pool, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow's: about sizes decode() refuses, about damage that may be harmless
        for first in range(0, len(paths), BATCH):
            yield from pool.map(lambda path: _read(path, size), paths[first : first + BATCH])


def _read(path, size):
    try:
        return square(decode(path, at_least=2 * size), size)
    except Exception as error:  # a damaged file makes decoders raise nearly anything
        return reason(error)


def read_array(path, size):
    """The images of a .npy file: their numbers, and one after another uint8 (size, size, 3)."""
    from PIL import Image

    try:
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise UserError(f"cannot read {path}: {reason(error)}; write it with numpy.save(path, images)") from error
    if array.ndim == 4 and array.shape[-1] == 1:
        array = array[..., 0]
    if not array.size or not (array.ndim == 3 or (array.ndim == 4 and array.shape[-1] in (3, 4))):
        raise UserError(f"{path} holds an array {array.shape}; images are (N, H, W) or (N, H, W, 1, 3 or 4)")
    scale = _scale(path, array)
    pictures = (Image.fromarray((image * scale).round().astype(np.uint8)) for image in array)
    return range(len(array)), (square(to_rgb(picture), size) for picture in pictures)


def _scale(path, array):
    """What takes the values of `array` to 0 .. 255."""
    if array.dtype == np.uint8:
        return 1
    if array.dtype.kind == "f" and array.min() >= 0 and array.max() <= 1:
        return 255
    held = f"{array.dtype} from {array.min()} to {array.max()}" if array.dtype.kind in "biuf" else array.dtype
    raise UserError(f"{path} holds {held}; give uint8, or floats from 0 to 1")


def square(picture, size):
    """The largest square in the middle of a Pillow RGB image, resized: uint8 (size, size, 3)."""
    from PIL import Image

    side = min(picture.size)
    left, top = (picture.width - side) // 2, (picture.height - side) // 2
    kernel = Image.Resampling.LANCZOS if side > size else Image.Resampling.BICUBIC
    box = (left, top, left + side, top + side)
    # reducing_gap: a large picture is first averaged over whole pixels, down to 3 times the size
    return np.asarray(picture.resize((size, size), kernel, box=box, reducing_gap=3.0))


def _empty(count, size):
    try:
        return np.empty((count, size, size, 3), np.uint8)
    except MemoryError as error:
        gigabytes = count * size * size * 3 / 1e9
        raise UserError(f"{count:,} images of {size} x {size} need {gigabytes:.1f} GB of memory, which this machine "
                        "does not have; choose a smaller size or fewer images") from error


def _examples(skipped):
    return "; ".join(f"{path}: {why}" for path, why in skipped[:SHOWN])
