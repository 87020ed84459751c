"""Checkpoints: every array of a run under its tree path in one .npz file, never a pickle, written whole or not."""

import json
import re
import zipfile

import numpy as np

from minihit import tree
from minihit.errors import UserError
from minihit.files import replacing

FORMAT = "minihit checkpoint 1"
_NAME = re.compile(r"step-(\d+)\.npz")


def save(path, arrays, facts):
    """Write a tree of host arrays and a dict of facts that JSON can hold. Raises UserError where the disk refuses."""
    path.parent.mkdir(parents=True, exist_ok=True)
    header = np.array(json.dumps({"format": FORMAT, **facts}))
    with replacing(path) as file:
        np.savez(file, header=header, **dict(tree.items(arrays)))


def load(path, like):
    """(arrays, facts): a tree with the keys, shapes and dtypes of like, which may be a part of what was saved.

    Raises UserError for a file that is missing, truncated, foreign, or of another network.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            facts = json.loads(str(file["header"]))
            leaves = {name: file[name] for name, _ in tree.items(like) if name in file}
    except FileNotFoundError:
        raise UserError(f"{path} does not exist: give a checkpoint that minihit train wrote") from None
    except (OSError, ValueError, KeyError, EOFError, TypeError, zipfile.BadZipFile, NotImplementedError) as error:
        kind = type(error).__name__
        raise UserError(f"{path} is not a whole checkpoint ({kind}): delete it, or choose another one") from error
    if not isinstance(facts, dict) or facts.get("format") != FORMAT:
        raise UserError(f"{path} is not a checkpoint of this version: choose one that begins with {FORMAT!r}")
    for name, leaf in tree.items(like):
        if name not in leaves or leaves[name].shape != leaf.shape or leaves[name].dtype != leaf.dtype:
            raise UserError(f"{path} is of another network ({name} is missing or of another shape): "
                            f"use the configuration that it was saved with")
    return tree.from_paths(leaves, like), facts


def newest(folder):
    """The paths of a folder's checkpoints, newest first."""
    found = [(int(match[1]), path) for path in folder.glob("step-*.npz") if (match := _NAME.fullmatch(path.name))]
    return [path for _, path in sorted(found, reverse=True)]


def path_of(folder, step):
    return folder / f"step-{step:08d}.npz"


def load_newest(folder, like, report=print):
    """(arrays, facts) of the newest whole checkpoint; broken ones are reported and passed over.

    Raises UserError where there is none.
    """
    for path in newest(folder):
        try:
            return load(path, like)
        except UserError as error:
            report(str(error))
    raise UserError(f"{folder} holds no whole checkpoint: start the run again, without --resume")


def keep_newest(folder, count):
    for path in newest(folder)[count:]:
        path.unlink()
