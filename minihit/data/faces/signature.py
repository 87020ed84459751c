"""Which files in a folder the stand-in has written: those whose hashes stand in its stand-in.json.

CelebA itself has the same names, takes a day to download, and lies where one would try the stand-in out.
"""

import json
import os

from minihit.atomic import write_text
from minihit.data.store.manifest import describe_file
from minihit.errors import UserError

NAME, DRAWN_BY = "stand-in.json", "minihit data stand-in"


def require_own(folder, names):
    """The hashes of those files that are there. Raises UserError where one is not as the stand-in wrote it."""
    there = [folder / name for name in (NAME, *names) if os.path.lexists(folder / name)]
    known = read(folder)
    hashes = {path: describe_file(path)["sha256"] if path.is_file() else None for path in there}
    for path, found in hashes.items():
        if known is None or (path.name != NAME and found not in known):
            raise UserError(f"{path} was not written by {DRAWN_BY}, or was changed since, and is not replaced: "
                            "choose another FOLDER, or move that file away")
    return [found for path, found in hashes.items() if path.name != NAME]


def read(folder):
    """The hashes that are signed, a list; None where there is no signature."""
    try:
        facts = json.loads((folder / NAME).read_bytes())
        return list(facts["sha256"]) if facts["drawn_by"] == DRAWN_BY else None
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return None


def write(folder, files):
    """Sign what is about to get its name, and what it replaces: killed between two of them, it knows both.

    files: name -> open file, under another name still. Raises UserError where another file has come in between.
    """
    for file in files.values():
        file.flush()
    hashes = require_own(folder, files) + [describe_file(file.name)["sha256"] for file in files.values()]
    write_text(folder / NAME, json.dumps({"drawn_by": DRAWN_BY, "sha256": hashes}, indent=1))
