"""A source becomes a store: scanned, decoded on all cores, and written so that a kill at any moment loses nothing."""

import contextlib
import dataclasses
import math
import shutil
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from tqdm import tqdm

from minihit import __version__
from minihit.data.prepare import layouts, listing, reading
from minihit.data.prepare.journal import Journal
from minihit.data.prepare.place import as_meant, refuse_foreign
from minihit.data.prepare.sources import open_source
from minihit.data.prepare.square import Filter, Square
from minihit.data.store import manifest as manifests
from minihit.data.store import twins
from minihit.data.store.reader import npy_header, open_store
from minihit.data.store.writer import clear, finish
from minihit.errors import UserError
from minihit.locks import exclusive
from minihit.streams import lasting

PART_FILES, PART_BYTES = 1024, 2**26  # between two lines of the journal, whichever comes first
LISTED = 100  # unusable files that are named; skipped.json names all
SHOWN = 3  # of them in one sentence
OPTIONS = {"size": "--size", "side": "--margin, for sides of", "crop": "--crop", "filter": "--filter"}
OTHERWISE = {"listing": "of other files", "made_with": "by other versions of minihit and Pillow"}


@dataclass(frozen=True)
class Settings:
    """What is made of a source.

    size: side of the images that training sees; crop: side in pixels of the square that is cut from the middle, 0 for
    the largest, None for what the data set is known for; margin: share of the side that random crops take in training,
    None for what the data set is known for; filter: of shrinking; strict: stop at files that cannot be used.
    """

    size: int
    crop: int | None = None
    margin: float | None = None
    filter: Filter = "lanczos"
    strict: bool = False


def prepare(path, folder, settings, report=tqdm.write):
    """Make the store in `folder` of the source at `path`, go on with it, or find it there already. Returns the Store.

    Where pictures or tables were changed or added since, it is made again, and takes the old one's place when it is
    whole. report: is given the lines for the user. Raises UserError where the source cannot be read, the folder holds
    something else, was made otherwise or is being written to, the disk refuses, or a file cannot be used and the
    settings are strict.
    """
    path, folder = as_meant(path), Path(folder).expanduser()
    refuse_foreign(folder)
    with lasting(), open_source(path) as source, exclusive(folder / manifests.LOCK, f"the store {folder}", report):
        layout = layouts.recognise(source)
        task = _task(path, layout, settings)
        if _is_there(folder, source, layout, task, report):
            report(f"{folder} is there already, made of the same files in the same way")
        else:
            _make(source, layout, task, folder, settings.strict, report)
        clear(folder)
    store = open_store(folder)
    equal, shared = twins.of_store(store)
    for sentence in twins.sentences(equal, store.manifest.count, shared):
        report(f"of the images in {folder} {sentence}")
    return store


def _is_there(folder, source, layout, task, report):
    """Whether the folder holds this very store, finished. Raises UserError where it holds another one."""
    if not (folder / manifests.MANIFEST).exists():
        return False
    there = dataclasses.asdict(manifests.read_manifest(folder)) | listing.of_store(folder, source, layout)
    _require_same(folder, task, there | {name: task[name] for name in ("listing", "made_with")})
    if there["content"] == task["content"]:
        return True
    report(f"pictures or tables in {task['source']} were changed or added since {folder} was made: "
           "it is made again, and the old one stays until then")
    return False


def _make(source, layout, task, folder, strict, report):
    square = Square(task["side"], None if task["crop"] == "square" else int(task["crop"]), task["filter"])
    shape = task["side"], task["side"], 3
    journal, header = Journal(folder), npy_header("|u1", (0, *shape))
    if _goes_on(journal, layout, task, report):
        journal.resume(header, math.prod(shape))
    else:
        journal.begin(task, header)
    report(f"{len(layout.pictures):,} pictures in {source.path} ({layout.name})"
           + (f", {journal.files:,} of them done" if journal.files else ""))
    _decode(source, layout.pictures, square, journal, strict, report)
    finish(folder, layout, journal, shape)


def _goes_on(journal, layout, task, report):
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


def _task(path, layout, settings):
    """All that decides what the store holds, under the names of its manifest."""
    from PIL import __version__ as pillow
    from PIL import features

    margin = layout.margin if settings.margin is None else settings.margin
    crop = layout.crop if settings.crop is None else settings.crop
    return {
        "source": str(path),
        "layout": layout.name,
        **listing.describe(layout),
        "size": settings.size,
        "side": round(settings.size / margin),
        "crop": str(crop or "square"),
        "filter": settings.filter,
        "attributes": layout.attribute_names,
        "classes": layout.classes,
        "made_with": {"minihit": __version__, "pillow": pillow, "jpeg": features.version("libjpeg_turbo")},
    }


def _require_same(folder, task, there):
    """Raise UserError where what is in the folder was begun otherwise."""
    for name in [*OTHERWISE, *OPTIONS]:
        if there.get(name) != task[name]:
            what = OTHERWISE.get(name) or f"with {OPTIONS[name]} {there.get(name)}, not {task[name]}"
            raise UserError(f"{folder} was made {what}: choose another STORE, or delete this one to make it anew")


def _decode(source, pictures, square, journal, strict, report):
    """Append every picture that the journal does not know yet."""
    numbers = range(journal.files, len(pictures))
    scanned = _bar("scanning", reading.scan(source, pictures[journal.files :], square), len(numbers))
    bad = {number: problem for number, problem in zip(numbers, scanned, strict=True) if problem}
    _report_bad(source, pictures, journal.skipped | bad, strict, report)
    _require_space(journal.folder, (len(numbers) - len(bad)) * 3 * square.size**2)
    part = max(1, min(PART_FILES, PART_BYTES // (3 * square.size**2)))
    good = [pictures[number] for number in numbers if number not in bad]
    with contextlib.closing(reading.read(source, good, square)) as decoded:
        outcomes = (bad.get(number) or next(decoded) for number in numbers)
        outcomes = iter(_bar("preparing", outcomes, len(pictures), journal.files))
        for first in range(0, len(numbers), part):
            found = dict(zip(numbers[first : first + part], islice(outcomes, part), strict=True))
            skipped = {number: outcome for number, outcome in found.items() if isinstance(outcome, str)}
            _report_bad(source, pictures, {n: why for n, why in skipped.items() if n not in bad}, strict, report)
            journal.append([image for image in found.values() if not isinstance(image, str)], len(found), skipped)


def _report_bad(source, pictures, bad, strict, report):
    """Name the files that cannot be used. Raises UserError where they all are, or where one is too many."""
    if not bad:
        return
    lines = [f"{pictures[number].name}: {why}" for number, why in sorted(bad.items())]
    examples = "; ".join(lines[:SHOWN])
    if len(bad) == len(pictures):
        raise UserError(f"none of the {len(bad):,} pictures in {source.path} can be used: {examples}")
    report(f"{len(bad):,} cannot be used:\n  " + "\n  ".join(lines[:LISTED]))
    if len(bad) > LISTED:
        report(f"  and {len(bad) - LISTED:,} more, which {manifests.SKIPPED} will name")
    if strict:
        raise UserError(f"{len(bad):,} of {len(pictures):,} pictures in {source.path} cannot be used, such as "
                        f"{lines[0]}: remove or repair them, or leave --strict out to go on without them")


def _require_space(folder, needed):
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise UserError(f"{folder} needs {needed / 1e9:.2f} GB more and its disk has {free / 1e9:.2f} GB left: "
                        "free some space there or choose another place for STORE")


def _bar(what, items, total, done=0):
    return tqdm(items, what, total, unit="image", initial=done, disable=None, leave=False)
