"""A source becomes a store: scanned, decoded on all cores, and written so that a kill at any moment loses nothing."""

import contextlib
import math
import shutil
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from tqdm import tqdm

from minihit import __version__
from minihit.data.prepare import layouts, listing, reading
from minihit.data.prepare.account import account, remarks
from minihit.data.prepare.decode import MEGAPIXELS, Greys
from minihit.data.prepare.formats import heif_version
from minihit.data.prepare.journal import Journal
from minihit.data.prepare.place import as_meant, refuse_foreign
from minihit.data.prepare.same import goes_on, is_there
from minihit.data.prepare.sources import open_source
from minihit.data.prepare.square import Filter, Fit, Square
from minihit.data.store import manifest as manifests
from minihit.data.store import twins
from minihit.data.store.reader import npy_header, open_store, skipped_files
from minihit.data.store.writer import clear, finish
from minihit.errors import UserError
from minihit.locks import exclusive
from minihit.streams import lasting

PART_FILES, PART_BYTES = 1024, 2**26  # between two lines of the journal, whichever comes first
LISTED = 100  # unusable files that are named; skipped.json names all
SHOWN = 3  # of them in one sentence


@dataclass(frozen=True)
class Settings:
    """What is made of a source.

    size: side of the images that training sees; crop: side in pixels of the square that is cut from the middle, 0 for
    the largest, None for what the data set is known for; margin: share of the side that random crops take in training,
    None for what the data set is known for; filter: of shrinking; strict: stop at files that cannot be used; fit: what
    is done about pictures that are no squares; greys: what is white in wide ones; megapixels: most that are decoded;
    column: of Parquet files, the one with the pictures, "" where it is to be found.
    """

    size: int
    crop: int | None = None
    margin: float | None = None
    filter: Filter = "lanczos"
    strict: bool = False
    fit: Fit = "square"
    greys: Greys = "full"
    megapixels: int = MEGAPIXELS
    column: str = ""


def prepare(path, folder, settings, report=tqdm.write):
    """Make the store in `folder` of the source at `path`, go on with it, or find it there already. Returns the Store.

    Where pictures or tables were changed or added since, it is made again, and takes the old one's place when it is
    whole. report: is given the lines for the user. Raises UserError where the source cannot be read, the folder holds
    something else, was made otherwise or is being written to, the disk refuses, or a file cannot be used and the
    settings are strict.
    """
    path, folder = as_meant(path), Path(folder).expanduser()
    refuse_foreign(folder)
    if settings.crop and settings.fit != "square":
        raise UserError(f"--crop cuts a square and --fit {settings.fit} keeps the whole picture: leave one of them out")
    with (lasting(), open_source(path, settings.column) as source,
          exclusive(folder / manifests.LOCK, f"the store {folder}", report)):
        layout = layouts.recognise(source)
        task = _task(path, layout, settings)
        if is_there(folder, source, layout, task, report):
            report(f"{folder} is there already, made of the same files in the same way")
        else:
            _make(source, layout, task, folder, settings, report)
        clear(folder)
        store = open_store(folder)
        _report_account(source, layout, store, report)
        _report_twins(store, report)
    return store


def _make(source, layout, task, folder, settings, report):
    square = _square(task, settings)
    shape = task["side"], task["side"], 3
    journal, header = Journal(folder), npy_header("|u1", (0, *shape))
    if goes_on(journal, layout, task, report):
        journal.resume(header, math.prod(shape))
    else:
        journal.begin(task, header)
    report(f"{len(layout.pictures):,} pictures in {source.path} ({layout.name})"
           + (f", {journal.files:,} of them done" if journal.files else "")
           + "".join(f"; {words}" for words in layout.said))
    _decode(source, layout.pictures, square, journal, settings.strict, report)
    finish(folder, layout, journal, shape)


def _square(task, settings):
    """What becomes of every picture. Of CelebA's, the crop that they are known for is the largest square there is, and
    so it is in any picture of another size that lies among them."""
    known = settings.crop is None and task["crop"].isdecimal()
    crop = None if known or not task["crop"].isdecimal() else int(task["crop"])
    return Square(task["side"], crop, task["filter"], task["fit"], not known, task["greys"],
                  task["megapixels"] * 1_000_000)


def _task(path, layout, settings):
    """All that decides what the store holds, under the names of its manifest."""
    from PIL import __version__ as pillow
    from PIL import features

    margin = layout.margin if settings.margin is None else settings.margin
    crop = layout.crop if settings.crop is None else settings.crop
    heif = {"heif": heif_version()} if heif_version() else {}
    return {
        "source": str(path),
        "layout": layout.name,
        **listing.describe(layout),
        "size": settings.size,
        "side": round(settings.size / margin),
        "crop": str(crop or "square") if settings.fit == "square" else "none",
        "filter": settings.filter,
        "fit": settings.fit,
        "greys": settings.greys,
        "megapixels": settings.megapixels,
        "column": settings.column,
        "attributes": layout.attribute_names,
        "classes": layout.classes,
        "made_with": {"minihit": __version__, "pillow": pillow, "jpeg": features.version("libjpeg_turbo"),
                      **heif},
    }


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
    for line in remarks(source.doubts):
        report(line)


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


def _report_account(source, layout, store, report):
    """Say in one line what was not taken, where that is anything."""
    skipped = [why for _, why in skipped_files(store.path)]
    line = account(store.manifest.count, skipped, source.passed + layout.passed, source.closed,
                   listed=f", see {store.path / manifests.SKIPPED}")
    if line:
        report(line)


def _report_twins(store, report):
    equal, shared = twins.of_store(store)
    for sentence in twins.sentences(equal, store.manifest.count, shared):
        report(f"of the images in {store.path} {sentence}")


def _require_space(folder, needed):
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise UserError(f"{folder} needs {needed / 1e9:.2f} GB more and its disk has {free / 1e9:.2f} GB left: "
                        "free some space there or choose another place for STORE")


def _bar(what, items, total, done=0):
    return tqdm(items, what, total, unit="image", initial=done, disable=None, leave=False)
