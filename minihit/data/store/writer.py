"""The rows of a preparation become a store: an array file, what stands beside it, and last of all the manifest."""

import os

from minihit.atomic import remove_leftovers, write_bytes
from minihit.data.prepare.journal import writing
from minihit.data.store.manifest import (
    ATTRIBUTES,
    IMAGES,
    JOURNAL,
    LABELS,
    MANIFEST,
    NAMES,
    SKIPPED,
    SPLITS,
    UNFINISHED,
    describe_file,
    expected_files,
    json_bytes,
    manifest_bytes,
)
from minihit.data.store.reader import npy_header, open_array
from minihit.data.store.twins import count_twins


def finish(folder, layout, journal, shape):
    """Make the store whole, in place of an older one; killed, it can be repeated.

    layout: Layout of the source; journal: Journal, whose rows are images of `shape`, (side, side, 3).
    Raises UserError where the disk refuses.
    """
    used = [number for number in range(len(layout.pictures)) if number not in journal.skipped]
    with writing(folder), open(folder / UNFINISHED, "r+b") as file:
        file.write(npy_header("|u1", (len(used), *shape)))
        file.flush()
        os.fsync(file.fileno())
    skipped = [{"file": layout.pictures[number].name, "reason": why} for number, why in journal.skipped.items()]
    with writing(folder):
        for name in (MANIFEST, ATTRIBUTES, LABELS):  # of an older one, which is not whole from here on
            (folder / name).unlink(missing_ok=True)
    _write_json(folder / NAMES, [layout.pictures[number].name for number in used])
    _write_json(folder / SKIPPED, skipped)
    if layout.attribute_names:
        _write_array(folder / ATTRIBUTES, layout.attributes[used], "|i1")
    if layout.classes:
        _write_array(folder / LABELS, layout.labels[used], "<i4")
    with writing(folder):
        os.replace(folder / UNFINISHED, folder / IMAGES)
    splits = [layout.splits[number] for number in used] if layout.splits else []
    counts = {name: splits.count(name) for name in SPLITS if name in splits}
    equal, shared = count_twins(open_array(folder, IMAGES, "|u1", (len(used), *shape)), counts)
    files = expected_files(layout.attribute_names, layout.classes)
    write_bytes(folder / MANIFEST, manifest_bytes({
        **journal.task, "count": len(used), "skipped": len(skipped), "splits": counts, "equal": equal, "shared": shared,
        "files": {name: describe_file(folder / name) for name in files},
    }))


def clear(folder):
    """Remove what a finished store needs no more, and what was being written when an earlier process was killed."""
    for name in (JOURNAL, UNFINISHED):
        (folder / name).unlink(missing_ok=True)
    remove_leftovers(folder)


def _write_json(path, facts):
    write_bytes(path, json_bytes(facts))


def _write_array(path, array, dtype):
    write_bytes(path, npy_header(dtype, array.shape) + array.astype(dtype).tobytes())
