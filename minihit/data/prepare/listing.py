"""What a source held when its store was made: by this a store knows later whether it is still up to date.

    listing   the names of the pictures
    content   whatever shows that a picture or a table was changed: of a file its length and the time of its last
              change, of a zip's member its length and checksum, and all that the tables say of the pictures

Times, because reading every picture would take as long as preparing it; a copy of a folder that keeps no times is
taken for a changed one, and its store is made again.
"""

import hashlib
import json
import os

import numpy as np

from minihit.data.store import manifest as manifests
from minihit.data.store.reader import open_store, skipped_files
from minihit.errors import UserError


def describe(layout):
    """{"listing": hash, "content": hash} of a Layout."""
    pictures = layout.pictures
    marks = [(entry.length, entry.checksum or entry.changed) for entry in pictures]
    tables = [_digest(array) for array in (layout.attributes, layout.labels)]
    told = [layout.splits, layout.attribute_names, layout.classes, tables]
    return {"listing": _hash([entry.name for entry in pictures]), "content": _hash([marks, told])}


def of_store(folder, source, layout):
    """The same of the finished store in a folder, in today's terms: of one of the first format as far as it is known.

    Raises UserError where it was made of files that are gone.
    """
    store = open_store(folder)
    made_of = {*store.names, *(name for name, _ in skipped_files(folder))}
    unknown = made_of - {entry.name for entry in layout.pictures}
    gone = {name for name in unknown if not os.path.lexists(source.path / name)}  # others are no pictures any more
    if gone:
        raise UserError(f"{folder} was made of other files, such as {min(gone)}: choose another STORE, or delete this "
                        "one to make it anew")
    manifest = store.manifest
    if manifest.content:
        return {"listing": manifest.listing, "content": manifest.content}
    return describe(layout) if _untouched(store, layout) else {"listing": manifest.listing, "content": ""}


def first_listing(layout):
    """What the first format kept: the hash of names, lengths and splits."""
    return _hash([[(entry.name, entry.length) for entry in layout.pictures], layout.splits])


def _untouched(store, layout):
    """Whether a store of the first format is of these pictures, none of them changed since, and of these tables."""
    made = (store.path / manifests.IMAGES).stat().st_mtime_ns
    if store.manifest.listing != first_listing(layout) or any(entry.changed > made for entry in layout.pictures):
        return False
    skipped = {name for name, _ in skipped_files(store.path)}
    used = [row for row, entry in enumerate(layout.pictures) if entry.name not in skipped]
    told = store.manifest.attributes == layout.attribute_names and store.manifest.classes == layout.classes
    return told and all(np.array_equal(there, here[used]) for there, here in (
        *([(store.attributes, layout.attributes)] if layout.attribute_names else []),
        *([(store.labels, layout.labels)] if layout.classes else [])))


def _digest(array):
    return None if array is None else hashlib.sha256(np.ascontiguousarray(array)).hexdigest()


def _hash(facts):
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()
