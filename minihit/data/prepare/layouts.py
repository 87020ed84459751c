"""What the known data sets say about their pictures: splits, attributes, classes, and how they are cropped.

    CelebA       list_eval_partition and list_attr_celeba (.txt or .csv), in the source or beside it
    CelebA-HQ    CelebAMask-HQ-attribute-anno.txt; the splits of CelebA by CelebA-HQ-to-CelebA-mapping.txt
    FFHQ         00000/00000.png ... 69000/69999.png, of which the last 10,000 are for validation
    ImageNet     folders of classes, n01440764 ...; training takes random crops of 0.875 of the side
    Parquet      columns of booleans and of classes; splits by the names of the files
    folder       anything else

In any of them, folders named train, valid (or val) and test are splits, and the folders in these, or in the source,
are classes. All of it is recognised by names, and by sizes, of at least four pictures in five; the others are trained
on and named.
"""

import re

from minihit.data.prepare.known import CELEBA, celeba, celeba_hq, ffhq, imagenet
from minihit.data.prepare.layout import MOST_CLASSES, Layout, add_classes, add_splits, in_order_of_splits, most
from minihit.data.prepare.scene import Scene
from minihit.data.prepare.tables import SPLIT_NAMES

CELEBA_CROP = 178
MASKS = "CelebAMask-HQ-mask-anno"  # half a million pictures that are no faces


def recognise(source):
    """The Layout of a source, its pictures in the order of their splits and, within them, of their names.

    Raises UserError where a table that belongs to it cannot be read.
    """
    pictures = [entry for entry in source.pictures if MASKS not in entry.name.split("/")] or source.pictures
    scene = Scene(source, pictures)
    found = (kind(scene) for kind in (_parquet, celeba_hq, celeba, ffhq, imagenet))
    layout = next(filter(None, found), None) or Layout("folder", pictures)
    if not layout.splits:
        _add_folder_splits(layout, scene.folders)
    if layout.name in ("folder", "Parquet") and not layout.classes:
        _add_folder_classes(layout, [folder.rpartition("/")[0] for folder in scene.folders] if scene.is_table
                            else scene.folders)
    if scene.sizes == {CELEBA}:
        layout.crop = CELEBA_CROP
    layout.said = scene.said + layout.said
    layout.passed.update({f"in {MASKS}": masks} if (masks := len(source.pictures) - len(pictures)) else {})
    return in_order_of_splits(layout)


def _parquet(scene):
    if not scene.is_table:
        return None
    names, attributes, classes, labels = scene.source.columns()
    said = [f"{len(classes):,} classes"] * bool(classes) + [f"{len(names):,} attributes"] * bool(names)
    return Layout("Parquet", scene.pictures, attribute_names=names, attributes=attributes, classes=classes,
                  labels=labels, said=said)


def _add_folder_splits(layout, folders):
    """By a folder or, for Parquet, by the beginning of a file's name."""
    found = {folder: next(filter(None, map(_split, folder.split("/"))), None) for folder in set(folders)}
    splits = [found[folder] for folder in folders]
    if most(splits):
        add_splits(layout, splits, "their folders")
    elif any(splits):
        names = " or ".join(sorted(set(splits) - {None}))
        layout.said.append(f"no splits, as only {sum(map(bool, splits)):,} pictures lie in a folder {names}")


def _add_folder_classes(layout, folders):
    """By the first folder below that of a split, or else below the one that all pictures lie in."""
    below = _below_common({folder: _below_split(folder) for folder in set(folders)})
    names = [below[folder][0] if below[folder] else None for folder in folders]
    if most(names) and 2 <= len(set(names) - {None}) <= min(MOST_CLASSES, len(names) - 1):
        add_classes(layout, names)


def _split(folder):
    return SPLIT_NAMES.get(re.split(r"[-_.]", folder)[0].lower())


def _below_split(folder):
    """The parts of a path below the folder of a split, or all of them."""
    parts = folder.split("/") if folder else []
    place = next((place for place, part in enumerate(parts, start=1) if _split(part)), 0)
    return parts[place:]


def _below_common(below):
    """The parts of paths below the one folder that all of them lead through."""
    while len({parts[0] for parts in below.values() if parts}) == 1:
        below = {folder: parts[1:] for folder, parts in below.items()}
    return below
