"""Checkpoints: every array of a run under its tree path in one .npz file, never a pickle, written whole or not."""

import json
import math
import re
import zipfile

import numpy as np

from minihit import tree
from minihit.atomic import replacing
from minihit.errors import UserError

FORMATS = FIRST, FORMAT = "minihit checkpoint 1", "minihit checkpoint 2"
_MOVED = {"generator": "networks/generator", "ema": "ema/generator", "discriminator": "networks/discriminator/params"}
_FACTS = 2**20                                                            # bytes that a header never has
_NAME = re.compile(r"step-(\d+)\.npz")


def save(path, arrays, facts):
    """Write a tree of host arrays and a dict of facts that JSON can hold. Raises UserError where the disk refuses."""
    path.parent.mkdir(parents=True, exist_ok=True)
    header = np.array(json.dumps({"format": FORMAT, **facts}))
    with replacing(path) as file:
        np.savez(file, header=header, **dict(tree.items(arrays)))


def load(path, like):
    """(arrays, facts): a tree with the keys, shapes and dtypes of like, which may be a part of what was saved.

    The arrays are read-only. Whatever the file claims, no more memory is taken than like needs.
    Raises UserError for a file that is missing, truncated, foreign, or of another network.
    """
    if not path.is_file():
        raise UserError(f"{path} does not exist: give a checkpoint that minihit train wrote")
    try:
        with zipfile.ZipFile(path) as archive:
            members = _members(archive)
            facts = _read_facts(archive, members["header"])
            members = _renamed(members) if isinstance(facts, dict) and facts.get("format") == FIRST else members
            leaves = {name: _read(archive, members.get(name), _is_like(leaf)) for name, leaf in tree.items(like)}
    except PermissionError as error:
        raise UserError(f"cannot read {path}: {error.strerror}; allow it, or choose another one") from error
    except Exception as error:  # a damaged file makes zipfile and NumPy raise nearly anything
        kind = type(error).__name__
        raise UserError(f"{path} is not a whole checkpoint ({kind}): delete it, or choose another one") from error
    if not isinstance(facts, dict) or facts.get("format") not in FORMATS or type(facts.get("step")) is not int:
        raise UserError(f"{path} is not a checkpoint of this version: choose one that begins with {FORMAT!r}")
    for name, leaf in leaves.items():
        if leaf is None:
            raise UserError(f"{path} is of another network ({name} is missing or of another shape): "
                            f"use the configuration that it was saved with")
    return tree.from_paths(leaves, like), facts


def _members(archive):
    """{array's name: ZipInfo}. What savez does not write, a name twice or compression, is refused."""
    infos = archive.infolist()
    members = {info.filename.removesuffix(".npy"): info for info in infos}
    if len(members) < len(infos) or any(info.compress_type != zipfile.ZIP_STORED for info in infos):
        raise ValueError("savez writes every name once and does not compress")
    return members


def _renamed(members):
    """The members of a checkpoint of the first format, for one generator and one discriminator, under today's names."""
    parts = {name: name.partition("/") for name in members}
    return {f"{_MOVED.get(top, top)}/{rest}" if rest else top: members[name] for name, (top, _, rest) in parts.items()}


def _read_facts(archive, member):
    header = _read(archive, member, lambda shape, dtype: not shape and dtype.kind == "U" and dtype.itemsize < _FACTS)
    if header is None:
        raise ValueError("the header is no text")
    return json.loads(header.item())


def _is_like(leaf):
    return lambda shape, dtype: shape == leaf.shape and dtype == leaf.dtype


def _read(archive, member, fits):
    """The array of a member; None where there is none or fits(shape, dtype), asked before it is read, says no."""
    if member is None:
        return None
    with archive.open(member) as file:
        if np.lib.format.read_magic(file) != (1, 0):
            raise ValueError("savez does not write such a header here")
        shape, turned, dtype = np.lib.format.read_array_header_1_0(file)
        if not fits(shape, dtype):
            return None
        content = file.read(math.prod(shape) * dtype.itemsize + 1)        # to the end, where the checksum is compared
    return np.frombuffer(content, dtype).reshape(shape, order="F" if turned else "C")


def newest(folder):
    """The paths of a folder's checkpoints, newest first."""
    found = [path for path in folder.glob("step-*.npz") if _NAME.fullmatch(path.name) and path.is_file()]
    return sorted(found, key=step_of, reverse=True)


def path_of(folder, step):
    return folder / f"step-{step:08d}.npz"


def step_of(path):
    return int(_NAME.fullmatch(path.name)[1])


def load_newest(folder, like, report=print):
    """(arrays, facts) of the newest whole checkpoint; broken ones are reported and passed over.

    Raises UserError where there is none.
    """
    for path in newest(folder):
        try:
            return load(path, like)
        except UserError as error:
            report(str(error))
    if newest(folder):
        raise UserError(f"{folder} holds no whole checkpoint: cure what is said above, or choose another run")
    raise UserError(f"{folder} holds no whole checkpoint yet: start the run again, without --resume")


def keep_newest(folder, count):
    for path in newest(folder)[count:]:
        path.unlink()


def cut_back(folder, step):
    """Remove the checkpoints of later steps, broken ones, so that none of them outlives what is saved from now on."""
    for path in newest(folder):
        if step_of(path) > step:
            path.unlink()
