"""Checkpoints: every array of a run under its tree path in one .npz file, never a pickle, written whole or not."""

import errno
import itertools
import os
import re
import zipfile

import numpy as np

from minihit import npz, tree
from minihit.atomic import replacing
from minihit.errors import UserError

FORMATS = FIRST, FORMAT = "minihit checkpoint 1", "minihit checkpoint 2"
_MOVED = {"generator": "networks/generator", "ema": "ema/generator", "discriminator": "networks/discriminator/params"}
_DAMAGE = (None, errno.EINVAL)                                            # of OSErrors: a place outside the file
_NAME = re.compile(r"step-(\d+)\.npz")


def save(path, arrays, facts):
    """Write a tree of host arrays and a dict of facts that JSON can hold. Raises UserError where the disk refuses."""
    path.parent.mkdir(parents=True, exist_ok=True)
    header = npz.header({"format": FORMAT, **facts})
    with replacing(path) as file:
        np.savez(file, header=header, **dict(tree.items(arrays)))


class Broken(UserError):
    """A file that is no whole archive, whatever it was before."""


def load(path, like, require=lambda path, facts: None):
    """(arrays, facts): a tree with the keys, shapes and dtypes of like, which may be a part of what was saved.

    require: called as require(path, facts) before an array is read, to raise UserError where they are not as they
        should be.
    The arrays are read-only. Whatever the file claims, no more memory is taken than like needs.
    Raises UserError for a file that is missing, foreign, of another network or cannot be read; Broken for one that is
    truncated or damaged.
    """
    if not path.is_file():
        raise UserError(f"{path} does not exist: give a checkpoint that minihit train wrote")
    try:
        with zipfile.ZipFile(path) as archive:
            members = npz.members(archive)
            facts = npz.read_facts(archive, members)
            _require_format(path, facts)
            require(path, facts)
            members = _renamed(members) if facts["format"] == FIRST else members
            leaves = {name: npz.read(archive, members.get(name), _is_like(leaf)) for name, leaf in tree.items(like)}
    except (UserError, MemoryError):
        raise
    except OSError as error:
        if error.errno in _DAMAGE:
            raise _broken(path, error) from error
        raise UserError(f"cannot read {path}: {error.strerror}; allow it, or move it away") from error
    except Exception as error:  # a damaged file makes zipfile and NumPy raise nearly anything
        raise _broken(path, error) from error
    for name, leaf in leaves.items():
        if leaf is None:
            raise UserError(f"{path} is of another network ({name} is missing or of another shape): "
                            f"use the configuration that it was saved with")
    return tree.from_paths(leaves, like), facts


def _broken(path, error):
    return Broken(f"{path} is not a whole checkpoint ({type(error).__name__}): delete it, or choose another one")


def _require_format(path, facts):
    if not isinstance(facts, dict) or facts.get("format") not in FORMATS or type(facts.get("step")) is not int:
        raise UserError(f"{path} is not a checkpoint of this version: choose one that begins with {FORMAT!r}")


def _renamed(members):
    """The members of a checkpoint of the first format, for one generator and one discriminator, under today's names."""
    parts = {name: name.partition("/") for name in members}
    return {f"{_MOVED.get(top, top)}/{rest}" if rest else top: members[name] for name, (top, _, rest) in parts.items()}


def _is_like(leaf):
    return lambda shape, dtype: shape == leaf.shape and dtype == leaf.dtype


def newest(folder):
    """The paths of a folder's checkpoints, newest first."""
    found = [path for path in folder.glob("step-*.npz") if _NAME.fullmatch(path.name) and path.is_file()]
    return sorted(found, key=step_of, reverse=True)


def path_of(folder, step):
    return folder / f"step-{step:08d}.npz"


def step_of(path):
    return int(_NAME.fullmatch(path.name)[1])


def load_newest(folder, like, report=print, require=None):
    """(arrays, facts) of the newest whole checkpoint; broken ones are reported and passed over.

    require: as in load; where it is given nothing else is passed over, neither a file that cannot be read nor a foreign
        one, as the steps behind it would be made again.
    Raises UserError where there is none.
    """
    for path in newest(folder):
        try:
            return load(path, like, require) if require else load(path, like)
        except UserError as error:
            if require and not isinstance(error, Broken):
                raise
            report(str(error))
    if newest(folder):
        raise UserError(f"{folder} holds no whole checkpoint: cure what is said above, or choose another run")
    raise UserError(f"{folder} holds no whole checkpoint yet: start the run again, without --resume")


def keep_newest(folder, count):
    for path in newest(folder)[count:]:
        path.unlink()


def set_aside(folder, step):
    """Give those of later steps, broken ones, names that no checkpoint has, so that none of them stands in the way of
    what is saved from now on. Yields their paths, old and new."""
    for path in newest(folder):
        if step_of(path) > step:
            numbered = (path.with_name(f"{path.name}.broken-{number}") for number in itertools.count(1))
            yield path, path.rename(next(name for name in numbered if not os.path.lexists(name)))
