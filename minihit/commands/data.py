"""minihit data: pictures become a store that training reads, and a store shows what it holds."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro
from tqdm import tqdm

from minihit.commands.options import Switch, check_positive, parse, shown
from minihit.data.dataset import meant
from minihit.data.faces import stand_in
from minihit.data.prepare.decode import MEGAPIXELS, Greys
from minihit.data.prepare.place import as_meant
from minihit.data.prepare.prepare import Settings, prepare
from minihit.data.prepare.square import Filter, Fit
from minihit.data.store import twins
from minihit.data.store.manifest import SKIPPED
from minihit.data.store.reader import open_store, verify
from minihit.errors import UserError, require_seed
from minihit.show import images, overview
from minihit.show.room import require_room

Source = Annotated[Path, tyro.conf.Positional,
                   tyro.conf.arg(metavar="SOURCE", help="folder of pictures, zip, or Parquet files: read where it is")]
Store = Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="STORE", help="folder of the prepared images")]
Folder = Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="FOLDER", help="where the files are written")]


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


@dataclass(frozen=True)
class Show:
    """Print what a store holds, and write a picture of some of its images.

    Examples:
      minihit data show celeba-64
      minihit data show celeba-64 --out faces.png --count 100 --seed 3
    """

    store: Store
    out: Annotated[Path | None, shown("FILE", "STORE.png")] = None  # PNG of the grid
    count: int = 64                          # images in it
    seed: int = 0                            # which ones


@dataclass(frozen=True)
class Check:
    """Read a store whole and compare it with its manifest: the length and the hash of every file.

    Examples:
      minihit data check celeba-64
    """

    store: Store


@dataclass(frozen=True)
class StandIn:
    """Draw faces and pack them as CelebA is packed, with its tables: for trying everything out without CelebA.

    Examples:
      minihit data stand-in stand-in --count 2000
      minihit data prepare stand-in/img_align_celeba.zip celeba-64 --size 64
    """

    folder: Folder
    count: int = 2_000                       # images
    seed: int = 0                            # whose faces


ACTIONS = {"prepare": Prepare, "show": Show, "check": Check, "stand-in": StandIn}
HELP = """\
usage: minihit data ACTION [OPTIONS]

A store is a folder that training reads its images from: one file with all of them and a manifest.

actions:
  prepare SOURCE STORE   make a store of a folder of pictures, a zip such as CelebA's, or Parquet files
  show STORE             a picture of some of its images, statistics, attributes
  check STORE            whether it is whole and unchanged
  stand-in FOLDER        drawn faces, packed as CelebA is, for trying it out

options:
  -h, --help             show this text; after an action, its options

Examples:
  minihit data prepare img_align_celeba.zip celeba-64 --size 64
  minihit train --preset celeba-64 --data celeba-64
"""


def main(argv):
    action = argv[0] if argv else "--help"
    if action in ("-h", "--help"):
        print(HELP, end="")
        return 0
    if action not in ACTIONS:
        raise UserError(f"{action!r} is no action of minihit data: choose one of {', '.join(ACTIONS)}")
    options = parse(ACTIONS[action], argv[1:], f"data {action}")
    return {"prepare": make, "show": show, "check": check, "stand-in": draw}[action](options)


def make(options):
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


def show(options):
    check_positive(count=options.count)
    if options.out:
        images.check_suffix(options.out, ".png")
    require_seed("--seed", options.seed)
    store = open_store(options.store)
    folder = as_meant(options.store)
    out = options.out or folder.with_name(f"{folder.name}.png")
    size = images.grid_size(min(options.count, store.manifest.count), store.manifest.side)
    require_room(out, *size, "choose a smaller --count")
    print(overview.describe(store))
    images.write_png(out, overview.sheet(store, options.count, options.seed))
    print(out)
    return 0


def check(options):
    with tqdm(desc="reading", unit="B", unit_scale=True, disable=None, leave=False) as bar:
        store = verify(options.store, bar.update)
    manifest, (equal, shared) = store.manifest, twins.of_store(store)
    print(f"{options.store} is whole: {manifest.count:,} images of {manifest.side} x {manifest.side}, "
          f"{len(manifest.files)} files as they were written")
    for sentence in twins.sentences(equal, manifest.count, shared):
        print(f"of its images {sentence}")
    return 0


def draw(options):
    check_positive(stand_in.MOST, count=options.count)
    require_seed("--seed", options.seed)
    with tqdm(desc="drawing", total=options.count, unit="image", disable=None, leave=False) as bar:
        path = stand_in.write(options.folder, options.count, options.seed, bar.update)
    print(path)
    return 0
