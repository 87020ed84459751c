"""Pictures that a command line names: files, a folder, a store, or those that a run's data set holds out."""

from pathlib import Path

import numpy as np

from minihit.data import folder
from minihit.data.open import of_store, open_data
from minihit.data.prepare.decode import reason
from minihit.data.prepare.square import Square
from minihit.data.store.manifest import is_store
from minihit.data.store.reader import open_store
from minihit.errors import UserError


def chosen(paths, config, most):
    """Those that the paths name, or where there are none, those that the data of a run, RunConfig, holds out."""
    return named(paths, config.preset.size, most) if paths else held_out(config, most)


def named(paths, size, most):
    """uint8 (N, size, size, 3) of at most so many pictures; paths: files, or one folder, .npy file or store.

    Raises UserError for what is no picture, and where folders and files are mixed.
    """
    if len(paths) > 1 or (paths[0].is_file() and paths[0].suffix != ".npy"):
        return np.stack([picture(path, size) for path in paths[:most]])
    (path,) = paths
    if is_store(path):
        data = of_store(open_store(path), size, seed=0)
        return data.held_out(min(most, len(data.validation)))
    return folder.load(path, size, report=print)[0][:most]


def held_out(config, most):
    """Those that a run is measured with. Raises UserError where they are gone."""
    try:
        data = open_data(config.data, config.preset.size, config.seed, config.flip)
    except UserError as error:
        raise UserError(f"{error}; or name other pictures behind the run") from error
    return data.held_out(min(most, config.measure_images))


def picture(path, size):
    """A picture file as uint8 (size, size, 3): the largest square in its middle. Raises UserError where it is none."""
    try:
        with open(Path(path).expanduser(), "rb") as file:
            return Square(size).read(file)
    except Exception as error:  # a damaged picture makes Pillow raise nearly anything
        raise UserError(f"cannot read the picture {path}: {reason(error)}; give picture files, or one folder of them "
                        f"or store") from error
