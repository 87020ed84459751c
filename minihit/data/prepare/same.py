"""Whether what a folder holds, a finished store or the beginning of one, is what would be made now."""

import dataclasses

from minihit.data.prepare import listing
from minihit.data.store import manifest as manifests
from minihit.errors import UserError

OPTIONS = {"size": "--size", "side": "--margin, for sides of", "fit": "--fit", "crop": "--crop", "filter": "--filter",
           "greys": "--greys", "megapixels": "--megapixels", "column": "--column"}
OTHERWISE = {"listing": "of other files", "made_with": "by other versions of minihit and Pillow or pillow-heif"}


def is_there(folder, source, layout, task, report):
    """Whether the folder holds this very store, finished.

    task: all that decides what the store holds, under the names of its manifest; report: is told where pictures or
    tables were changed since. Raises UserError where the folder holds a store that was made otherwise.
    """
    if not (folder / manifests.MANIFEST).exists():
        return False
    there = dataclasses.asdict(manifests.read_manifest(folder)) | listing.of_store(folder, source, layout)
    up_to_date = there["content"] == task["content"]
    versions = _versions(there, task) if up_to_date else task["made_with"]
    _require_same(folder, task, there | {"listing": task["listing"], "made_with": versions})
    if up_to_date:
        return True
    report(f"pictures or tables in {task['source']} were changed or added since {folder} was made: "
           "it is made again, and the old one stays until then")
    return False


def goes_on(journal, layout, task, report):
    """Whether what the journal counts is a part of this very store. Raises UserError where it is of another one."""
    if not journal.files:
        return False
    there = manifests.DEFAULTS | journal.task
    up_to_date = there["content"] == task["content"]
    if there["listing"] == listing.first_listing(layout):  # begun by a minihit that knew of no more
        there = there | {"listing": task["listing"]}
    _require_same(journal.folder, task, there if up_to_date else there | {"made_with": task["made_with"]})
    if up_to_date:
        return True
    report(f"pictures or tables in {task['source']} were changed since {journal.folder} was begun: it is begun again")
    return False


def _require_same(folder, task, there):
    """Raise UserError where what is in the folder was begun otherwise."""
    for name in [*OTHERWISE, *OPTIONS]:
        if there.get(name) != task[name]:
            what = OTHERWISE.get(name) or f"with {OPTIONS[name]} {there.get(name)}, not {task[name]}"
            raise UserError(f"{folder} was made {what}: choose another STORE, or delete this one to make it anew")


def _versions(finished, task):
    """Those that a finished store should have been made with: any, unless pillow-heif might read what it skipped."""
    before, now = finished["made_with"], task["made_with"]
    return before if finished["skipped"] and ("heif" in now) != ("heif" in before) else now
