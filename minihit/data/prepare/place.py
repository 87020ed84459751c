"""What a path means that a person writes, and whether a store may be made there: nobody's files are written over."""

from pathlib import Path

from minihit.data.prepare.journal import Journal
from minihit.data.store import manifest as manifests
from minihit.errors import UserError


def as_meant(path):
    """A path with a name, by which data sets are recognised and beside which their tables lie, also of "." and "~"."""
    path = Path(path).expanduser()
    return path.resolve() if path.name in ("", "..") else path


def refuse_foreign(folder):
    """Raise UserError where the folder is none, or holds what is no part of a store."""
    if folder.exists() and not folder.is_dir():
        raise UserError(f"{folder} is a file: give a folder for the store")
    if not folder.exists():
        return
    is_part = manifests.is_part if manifests.is_store(folder) else {manifests.UNFINISHED}.__contains__
    others = sorted(path.name for path in folder.iterdir() if not path.name.startswith(".") and not is_part(path.name))
    if others and not _is_known(folder):
        raise UserError(f"{folder} holds other things ({others[0]} ...): give a new folder for the store")


def _is_known(folder):
    """Whether there is a store in the folder for certain: other programs write a manifest.json too."""
    try:
        if (folder / manifests.MANIFEST).exists():
            return manifests.read_manifest(folder) is not None
        return Journal(folder).task != {}
    except UserError:
        return False
