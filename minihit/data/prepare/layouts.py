"""What the known data sets say about their pictures: splits, attributes, classes, and how they are cropped.

    CelebA       list_eval_partition and list_attr_celeba (.txt or .csv), in the source or beside it
    CelebA-HQ    CelebAMask-HQ-attribute-anno.txt; the splits of CelebA by CelebA-HQ-to-CelebA-mapping.txt
    FFHQ         00000/00000.png ... 69000/69999.png, of which the last 10,000 are for validation
    ImageNet     folders of classes, n01440764 ...; training takes random crops of 0.875 of the side
    Parquet      columns of booleans; splits by the names of the files
    folder       anything else

In any of them, folders named train, valid (or val) and test are splits, where all pictures lie in such folders.
"""

import contextlib
import re
import warnings
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import PurePosixPath

import numpy as np

from minihit.data.prepare.decode import inspect, reason
from minihit.data.store.manifest import SPLITS
from minihit.errors import UserError

CELEBA = 178, 218  # width and height of the aligned pictures
CELEBA_CROP = 178
LOOKED_AT = 100  # pictures, for the size of all
IMAGENET_MARGIN = 0.875
FFHQ_TRAINING = 60_000
FFHQ_VERSIONS = {"images1024x1024", "thumbnails128x128", "in-the-wild-images"}
MASKS = "CelebAMask-HQ-mask-anno"  # half a million pictures that are no faces
LARGEST_TABLE = 2**28  # bytes
SPLIT_NAMES = {"train": "train", "training": "train", "valid": "valid", "val": "valid", "validation": "valid",
               "test": "test"}
SIGNS = {"1": 1, "-1": -1, "0": -1}
WORDNET_ID = re.compile(r"n\d{8}")


@dataclass
class Layout:
    """What is known about the pictures of a source, each array with one row per picture.

    crop: side in pixels of the square that is cut from the middle, None: the largest; margin: share of the side that
    random crops take; splits: names of SPLITS, () where unknown; attributes: int8 (pictures, attribute_names), 1, -1,
    or 0 where unknown; labels: int32, places in classes, -1 where unknown.
    """

    name: str
    pictures: list
    crop: int | None = None
    margin: float = 1.0
    splits: tuple = ()
    attribute_names: list = field(default_factory=list)
    attributes: np.ndarray | None = None
    classes: list = field(default_factory=list)
    labels: np.ndarray | None = None


def recognise(source):
    """The Layout of a source, its pictures in the order of their splits and, within them, of their names.

    Raises UserError where a table that belongs to it cannot be read.
    """
    pictures = [entry for entry in source.pictures if MASKS not in entry.name.split("/")] or source.pictures
    stems = [PurePosixPath(entry.name).stem for entry in pictures]
    kinds = (kind(source, pictures, stems) for kind in (_parquet, _celeba_hq, _celeba, _ffhq, _imagenet))
    layout = next(filter(None, kinds), Layout("folder", pictures))
    layout.splits = layout.splits or _folder_splits(pictures)
    layout.crop = CELEBA_CROP if _first_size(source, pictures) == CELEBA else None
    return _in_order_of_splits(layout)


def _celeba(source, pictures, stems):
    layout = Layout("CelebA", pictures)
    _add_splits(layout, stems, _table(source, "list_eval_partition", _read_partition))
    _add_attributes(layout, stems, _table(source, "list_attr_celeba", _read_attributes))
    named = "img_align_celeba" in f"{source.path}/{pictures[0].name}"
    return layout if named or layout.splits or layout.attribute_names else None


def _celeba_hq(source, pictures, stems):
    layout = Layout("CelebA-HQ", pictures)
    old_stems = _table(source, "CelebA-HQ-to-CelebA-mapping", _read_mapping)
    if old_stems:
        old = [old_stems.get(stem) for stem in stems]
        _add_splits(layout, old, _table(source, "list_eval_partition", _read_partition))
    _add_attributes(layout, stems, _table(source, "CelebAMask-HQ-attribute-anno", _read_attributes))
    named = re.search("celeba(mask)?[-_]?hq", f"{source.path}/{pictures[0].name}".lower())
    return layout if named or layout.splits or layout.attribute_names else None


def _ffhq(source, pictures, stems):
    places = [entry.name.split("/") for entry in pictures]
    numbered = all(re.fullmatch(r"\d{5}", stem) for stem in stems)
    thousands = all(len(parts) > 1 and re.fullmatch(r"\d\d000", parts[-2]) for parts in places)
    if not numbered or not (thousands or "ffhq" in str(source.path).lower()):
        return None
    versions = FFHQ_VERSIONS.intersection(part for parts in places for part in parts)
    if len(versions) > 1:
        raise UserError(f"{source.path} holds the same pictures as {' and '.join(sorted(versions))}: "
                        f"give one of these folders")
    splits = tuple("train" if int(stem) < FFHQ_TRAINING else "valid" for stem in stems)
    return Layout("FFHQ", pictures, splits=splits)


def _imagenet(source, pictures, stems):
    folders = [PurePosixPath(entry.name).parent.name for entry in pictures]
    classes = sorted({name for name in folders if WORDNET_ID.fullmatch(name)})
    if not classes:
        return None
    places = {name: place for place, name in enumerate(classes)}
    labels = np.array([places.get(name, -1) for name in folders], np.int32)
    return Layout("ImageNet", pictures, margin=IMAGENET_MARGIN, classes=classes, labels=labels)


def _parquet(source, pictures, stems):
    if not hasattr(source, "columns"):
        return None
    names, attributes, labels = source.columns()
    classes = [] if labels is None else [str(number) for number in range(labels.max(initial=-1) + 1)]
    return Layout("Parquet", pictures, attribute_names=names, attributes=attributes, classes=classes, labels=labels)


def _folder_splits(pictures):
    """The split of every picture by a folder or, for Parquet, by the beginning of a file's name; () if one has none."""
    found = [next((SPLIT_NAMES[word] for part in entry.name.split("/")[:-1]
                   if (word := re.split(r"[-_.]", part)[0].lower()) in SPLIT_NAMES), None) for entry in pictures]
    return () if None in found else tuple(found)


def _in_order_of_splits(layout):
    if not layout.splits:
        return layout
    order = np.argsort([SPLITS.index(name) for name in layout.splits], kind="stable")
    return replace(layout, pictures=[layout.pictures[row] for row in order],
                   splits=tuple(layout.splits[row] for row in order),
                   attributes=None if layout.attributes is None else layout.attributes[order],
                   labels=None if layout.labels is None else layout.labels[order])


def _first_size(source, pictures):
    """(width, height) of the first picture that can be read, if it is one of the first."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow's, about sizes that inspect() refuses
        for entry in pictures[:LOOKED_AT]:
            with contextlib.suppress(Exception), source.open(entry) as file:  # the scan will say what is wrong with it
                return inspect(file)
    return None


def _add_splits(layout, stems, partition):
    if partition and any(stem in partition for stem in stems):  # otherwise it belongs to something else
        layout.splits = tuple(partition.get(stem, "train") for stem in stems)


def _add_attributes(layout, stems, table):
    names, rows = table or ([], {})
    if any(stem in rows for stem in stems):
        unknown = np.zeros(len(names), np.int8)
        layout.attribute_names, layout.attributes = names, np.stack([rows.get(stem, unknown) for stem in stems])


def _table(source, name, parse):
    """What `parse` makes of the table of that name, .txt or .csv: in the source, beside it, or in Anno and Eval there.

    None where there is no such table. Raises UserError where it is damaged.
    """
    wanted = f"{name}.txt", f"{name}.csv"
    folders = [folder / place for folder in list(source.path.absolute().parents)[:2] for place in ("", "Anno", "Eval")]
    paths = [folder / file for folder in folders for file in wanted]
    found = [(entry.name, partial(source.open, entry)) for entry in source.others
             if PurePosixPath(entry.name).name in wanted]
    found += [(path, partial(open, path, "rb")) for path in paths if path.is_file()]
    if not found:
        return None
    label, opened = found[0]
    try:
        with opened() as file:
            return parse(_lines(file))
    except Exception as error:  # anything may be in a table, and a damaged zip makes zipfile raise nearly anything
        raise UserError(f"cannot read the table {label} ({reason(error)}): replace it, or move it away to go on "
                        "without it") from error


def _lines(file):
    """The lines of a table, each as a list of words."""
    text = file.read(LARGEST_TABLE).decode()
    return [words for line in text.splitlines() if (words := line.replace(",", " ").split())]


def _read_partition(lines):
    """Stem -> split, of lines such as "000001.jpg 0" or "000001.jpg,0"."""
    return {PurePosixPath(name).stem: SPLITS[int(code)] for name, code in lines if code != "partition"}


def _read_mapping(lines):
    """Stem in CelebA-HQ -> stem in CelebA, of lines "idx orig_idx orig_file" below a title."""
    return {new: PurePosixPath(old).stem for new, _, old in lines[1:]}


def _read_attributes(lines):
    """Names and stem -> int8 (names,), of a line with the names, perhaps below their number, and a line per picture."""
    first = 1 if len(lines[0]) == 1 else 0
    names = [name for name in lines[first] if name != "image_id"]
    rows = {PurePosixPath(name).stem: np.array([SIGNS[sign] for sign in signs], np.int8)
            for name, *signs in lines[first + 1 :]}
    if any(len(row) != len(names) for row in rows.values()):
        raise ValueError(f"not every line has {len(names)} values")
    return names, rows
