"""The files below a folder, links followed, and without what is no one's picture: hidden names, the thumbnails and
recycle bins of systems and network disks, and what minihit wrote itself."""

import json
import os
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from minihit.data.store.manifest import IMAGES, JOURNAL, MANIFEST, UNFINISHED
from minihit.errors import UserError

SYSTEM = {"__macosx", "@eadir", "@recycle", "@recently-snapshot", "@sharebin", "@tmp", "#recycle", "#snapshot",
          "$recycle.bin", "recycler", "recycled", "system volume information", "lost+found", "network trash folder",
          "temporary items", "thumbs.db", "ehthumbs.db", "ehthumbs_vista.db", "desktop.ini", "icon\r"}
RUN = "of a minihit run"
STORE = "of a minihit store"
LARGEST_CONFIG = 2**20  # bytes


@dataclass
class Walk:
    """files: Paths; passed: kind -> files that were passed over; closed: folders that were not gone into, each with
    the reason."""

    files: list = field(default_factory=list)
    passed: Counter = field(default_factory=Counter)
    closed: list = field(default_factory=list)


def walk(root):
    """The Walk below a folder. Every folder is read once, by its own path before any link to it.

    Raises UserError where the folder itself cannot be looked into.
    """
    found, seen, links = Walk(), {}, []
    above = {_identity(folder) for folder in Path(os.path.realpath(root)).parents} - {None}
    _descend(root, root, found, seen, links)
    while links:
        link = links.pop(0)
        if _identity(link) in above:
            found.closed.append(f"{link.relative_to(root).as_posix()}: a link to a folder that holds this one")
        else:
            _descend(link, root, found, seen, links)
    return found


def passed_over(path):
    """The kind of a file that is hidden or belongs to a system, by its path with forward slashes; None for others."""
    *folders, name = path.split("/")
    for folder in folders:
        if folder.lower() in SYSTEM:
            return f"in {folder}"
        if folder.startswith("."):
            return "hidden"
    if name.startswith("."):
        return "hidden"
    return name.strip() if name.lower() in SYSTEM else None


def _descend(top, root, found, seen, links):
    """Read a folder and those in it; `links` gets the links to folders there, in their order."""
    def unlistable(error):
        if Path(error.filename) == root:
            raise UserError(f"cannot look into {root}: {error.strerror}; allow it or give another folder") from error
        found.closed.append(f"{Path(error.filename).relative_to(root).as_posix()}: {error.strerror}")

    for parent, folders, names in os.walk(top, onerror=unlistable):
        place = Path(parent)
        folders.sort()
        if not _first_time(place, root, found, seen):
            folders.clear()
            continue
        _pass_over(place, folders, names, found, is_root=place == root)
        linked = [name for name in folders if os.path.islink(place / name)]
        folders[:] = [name for name in folders if name not in linked]
        links += [place / name for name in linked]
        found.files += [place / name for name in names]


def _first_time(place, root, found, seen):
    identity = _identity(place)
    if identity in seen:
        found.closed.append(f"{place.relative_to(root).as_posix()}: the same folder as "
                            f"{seen[identity].relative_to(root).as_posix()}")
        return False
    if identity:
        seen[identity] = place
    return True


def _pass_over(place, folders, names, found, is_root):
    """Count what is no one's picture, and take it out of both lists."""
    own = _own(place, folders, names)
    if own and not is_root:
        found.passed[own] += len(names) + sum(_count(place / name) for name in folders)
        folders.clear()
        names.clear()
    for name in list(folders):
        kind = passed_over(f"{name}/") or (own if name in ("samples", "checkpoints") else None)
        if kind:
            found.passed[kind] += _count(place / name)
            folders.remove(name)
    for name in list(names):
        if kind := passed_over(name):
            found.passed[kind] += 1
            names.remove(name)


def _own(place, folders, names):
    """RUN or STORE for a folder that minihit wrote, else None."""
    if {MANIFEST, IMAGES} <= set(names) or {JOURNAL, UNFINISHED} <= set(names):
        return STORE
    if "config.json" in names and {"checkpoints", "samples"} & set(folders) and _is_config(place / "config.json"):
        return RUN
    return None


def _is_config(path):
    """Whether a file is the configuration of a run (`minihit.training.run.config`)."""
    try:
        with open(path, "rb") as file:
            facts = json.loads(file.read(LARGEST_CONFIG))
        return {"preset", "data", "sample_every"} <= set(facts)
    except (OSError, ValueError, TypeError, RecursionError):
        return False


def _count(folder):
    return sum(len(names) for _, _, names in os.walk(folder)) if not os.path.islink(folder) else 0


def _identity(path):
    """What two paths to the same folder have in common; None where the file system does not say."""
    try:
        facts = os.stat(path)
    except OSError:
        return None
    return (facts.st_dev, facts.st_ino) if facts.st_ino else None
