"""minihit data prepare: a store of a folder of pictures, a zip or Parquet files."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from minihit.commands.options import Store, Switch, check_positive, parse, shown
from minihit.data.open import meant
from minihit.data.prepare.decode import MEGAPIXELS, Greys
from minihit.data.prepare.prepare import Settings, prepare
from minihit.data.prepare.square import Filter, Fit
from minihit.data.store.manifest import SKIPPED
from minihit.errors import UserError

Source = Annotated[Path, tyro.conf.Positional,
                   tyro.conf.arg(metavar="SOURCE", help="folder of pictures, zip, or Parquet files: read where it is")]
LARGEST_SIDE = 2**14


@dataclass(frozen=True)
class Prepare:
    """Make a store of a folder, a zip or Parquet files: every picture cropped, resized, and written into one file.

    CelebA, CelebA-HQ, FFHQ and ImageNet are recognised, with their splits, attributes and classes; so are folders
    called train, valid and test, and folders of classes. What is no picture, or cannot be used, is counted and named.
    Killed at any moment, the same command goes on where it was. Nothing is ever downloaded.

    Examples:
      minihit data prepare img_align_celeba.zip celeba-64 --size 64
      minihit data prepare photos photos-128 --size 128 --strict
      minihit train --preset celeba-64 --data celeba-64
    """

    source: Source
    store: Store
    size: int = 64                           # pixels a side of the images that training sees
    crop: str = "auto"
    """square that is cut from the middle before resizing: its side in pixels, or "square" for the largest there is;
    auto is 178 for CelebA's aligned pictures, else square"""
    margin: Annotated[float | None, shown("SHARE", "0.875 for ImageNet, else 1")] = None
    """share of the side that training's random crops take; the store keeps images of size / margin"""
    filter: Filter = "lanczos"               # of shrinking
    fit: Fit = "square"
    """what becomes of pictures that are no squares: square cuts them, pad keeps them between white bars, stretch keeps
    them out of proportion"""
    greys: Greys = "full"
    """what is black and white in greys of 16 bits and more: the ends of their range, or, with stretch, the darkest and
    the brightest pixel of each picture"""
    megapixels: int = MEGAPIXELS             # of the largest picture that is decoded; a JPEG may be larger
    column: Annotated[str, shown("NAME", "found")] = ""  # of Parquet files, the one with the pictures
    strict: Switch = False                   # stop where a file cannot be used


def main(argv):
    options = parse(Prepare, argv, "data prepare")
    check_positive(LARGEST_SIDE, size=options.size)
    check_positive(megapixels=options.megapixels)
    if options.margin is not None and not 0.1 <= options.margin <= 1:
        raise UserError(f"--margin is {options.margin}: it is a share of the side, from 0.1 to 1")
    settings = Settings(options.size, crop_pixels(options.crop), options.margin, options.filter, options.strict,
                        options.fit, options.greys, options.megapixels, options.column)
    try:
        store = prepare(options.source, options.store, settings)
    except KeyboardInterrupt as stop:
        stop.args = ("stopped, and what is done is kept: the same command goes on from there",)
        raise
    manifest = store.manifest
    skipped = f", {manifest.skipped:,} files skipped (see {options.store / SKIPPED})" if manifest.skipped else ""
    print(f"{options.store}: {manifest.count:,} images of {manifest.side} x {manifest.side}{skipped}; "
          f"minihit train --data {meant(str(options.store))} trains on them")
    return 0


def crop_pixels(text):
    """What Settings takes for --crop."""
    if text in ("auto", "square"):
        return {"auto": None, "square": 0}[text]
    if not re.fullmatch("0*[1-9][0-9]{,8}", text):
        raise UserError(f"--crop {text!r} cannot be read: give auto, square, or a number of pixels such as 178")
    return int(text)
