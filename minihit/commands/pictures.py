"""Pictures that a command line names: files, a folder, a store, or those that a run's data set holds out."""

from itertools import groupby
from typing import NamedTuple

import numpy as np

from minihit.data import folder
from minihit.data.dataset import ImageSet
from minihit.data.open import of_store, open_data
from minihit.data.prepare.reading import in_order
from minihit.data.prepare.square import Square
from minihit.data.store.manifest import is_store
from minihit.data.store.reader import open_store
from minihit.errors import UserError

MOST = 1_000                                                              # that are looked at, if nobody says how many


class Chosen(NamedTuple):
    """images: uint8 (N, size, size, 3); what: a phrase that says how many, and of what."""

    images: np.ndarray
    what: str


def chosen(paths, config, most=None):
    """Those that the paths name, or where there are none, those that the run of a RunConfig is measured with.

    most: pictures, by default MOST, or as many as the run is measured with.
    """
    return named(paths, config.preset.size, most or MOST) if paths else of_run(config, most or config.measure_images)


def named(paths, size, most):
    """Of picture files, folders, .npy files and stores, in their order. Raises UserError for what is no picture."""
    found = []
    for several, group in groupby(paths[:most], _holds_several):
        alike = [*group]
        found += [_several(path, size, most) for path in alike] if several else [files(alike, size)]
    if len(found) == 1 and len(paths) <= most:
        return found[0]
    images = np.concatenate([part.images for part in found])
    if len(images) > most or len(paths) > most:
        print(f"the first {most:,} pictures: --count takes more")
    return Chosen(images[:most], counted(min(len(images), most)))


def _holds_several(path):
    return path.is_dir() or path.suffix.lower() == ".npy"


def _several(path, size, most):
    """Of a folder or .npy file all, of a store those that training would hold out."""
    if is_store(path):
        return held_out(of_store(open_store(path), size, seed=0), most, path, few="")
    images, _ = folder.load(path, size, report=print, most=most)
    return Chosen(images, counted(len(images)))


def files(paths, size):
    """Of picture files: the largest square in the middle of each."""
    square = Square(size)

    def read(path):
        with open(path, "rb") as file:
            return square.read(file)

    found = [*in_order(read, paths)]
    for path, image in zip(paths, found, strict=True):
        if isinstance(image, str):
            raise UserError(f"cannot read the picture {path}: {image}; give picture files, or folders or stores of "
                            f"them")
    return Chosen(np.stack(found), counted(len(found)))


def of_run(config, most):
    """Those that a run is measured with. Raises UserError where they are gone."""
    try:
        data = open_data(config.data, config.preset.size, config.seed, config.flip)
    except UserError as error:
        raise UserError(f"{error}; or name other pictures behind the run") from error
    return held_out(data, most, config.data)


def held_out(data, most, name, few="training "):
    """Of a data set, no picture twice; few: what those of a set too small to hold any out are called."""
    if not isinstance(data, ImageSet):
        return Chosen(data.held_out(most), f"{counted(most, 'held-out ')} of {name}")
    count = min(most, len(data.validation))
    kind = few if data.validation is data.training else "held-out "
    return Chosen(data.held_out(count), f"{counted(count, kind)} of {name}")


def counted(count, kind=""):
    return f"{count:,} {kind}{'picture' if count == 1 else 'pictures'}"
