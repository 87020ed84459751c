"""Features that somebody brings: of a set of pictures and of the reference, by whatever network, in one file.

    np.savez("features.npz", pictures=pictures, reference=reference)      # (N, D) and (M, D), floats or whole numbers
"""

import zipfile

import numpy as np

from minihit.data.prepare.decode import reason
from minihit.errors import UserError

NAMES = ("pictures", "reference")


def read(path):
    """(pictures (N, D), reference (M, D)) of such a file, float32 where they are, else float64.

    Raises UserError for any other file, and for arrays of another layout or not of numbers, with what they should be.
    """
    arrays = _arrays(path)
    for name, array in arrays.items():
        if array.ndim != 2 or not array.size or array.dtype.kind not in "fiu":
            raise UserError(f'"{name}" in {path} is {array.dtype} {array.shape}: it must be (pictures, features), '
                            f"at least one of each, floats or whole numbers")
        if not np.isfinite(array).all():
            raise UserError(f'"{name}" in {path} holds numbers that are infinite or none at all: leave their rows out')
    pictures, reference = (array if array.dtype == np.float32 else array.astype(np.float64)
                           for array in arrays.values())
    if pictures.shape[1] != reference.shape[1]:
        raise UserError(f"{path} has {pictures.shape[1]} features of each picture and {reference.shape[1]} of each in "
                        f"the reference: they must be those of one network")
    return pictures, reference


def _arrays(path):
    """{"pictures", "reference"} as they lie in the file, pickles left alone."""
    cure = "write it with numpy.savez(FILE, pictures=(N, D), reference=(M, D))"
    try:
        if not zipfile.is_zipfile(path):
            with open(path, "rb"):                                        # OSError where there is none
                raise ValueError("it is no .npz file")
        with np.load(path, allow_pickle=False) as file:
            if missing := [name for name in NAMES if name not in file]:
                raise ValueError(f'it has no array "{missing[0]}"')
            return {name: file[name] for name in NAMES}
    except Exception as error:  # a damaged file makes NumPy raise nearly anything
        raise UserError(f"cannot read features from {path}: {reason(error)}; {cure}") from error
