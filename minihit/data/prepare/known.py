"""The data sets that are known: CelebA, CelebA-HQ, FFHQ, ImageNet. Each looks at a Scene and gives a Layout or None."""

import re

from minihit.data.prepare import tables
from minihit.data.prepare.layout import Layout, add_attributes, add_classes, add_splits, most
from minihit.errors import UserError

CELEBA = 178, 218  # width and height of the aligned pictures
CELEBA_FOLDER = re.compile(r"img_(align_)?celeba")
CELEBA_HQ_FOLDER = re.compile(r"celeba(mask)?[-_]?hq")
FFHQ_TRAINING = 60_000
FFHQ_SIZES = [{(1024, 1024)}, {(128, 128)}]
FFHQ_VERSIONS = {"images1024x1024", "thumbnails128x128", "in-the-wild-images"}
IMAGENET_MARGIN = 0.875
FFHQ_NAME = re.compile(r"\d{5}")
WORDNET_ID = re.compile(r"n\d{8}")


def celeba(scene):
    partition = tables.find(scene.source, "list_eval_partition", tables.partition)
    attributes = tables.find(scene.source, "list_attr_celeba", tables.attributes)
    belong = scene.belong(CELEBA_FOLDER)
    if not any(belong) and (_match(scene, partition) or _match(scene, attributes)) and scene.sizes == {CELEBA}:
        belong = [True] * len(belong)
    if not most(belong):
        return _not_used(scene, "pictures of 178 x 218 pixels, or a folder img_align_celeba", partition, attributes)
    layout = Layout("CelebA", scene.pictures)
    if partition:
        add_splits(layout, _rows(scene.stems, belong, partition), partition.label)
    if attributes:
        add_attributes(layout, _rows(scene.stems, belong, attributes), attributes)
    return layout


def celeba_hq(scene):
    old = tables.find(scene.source, "CelebA-HQ-to-CelebA-mapping", tables.mapping)
    attributes = tables.find(scene.source, "CelebAMask-HQ-attribute-anno", tables.attributes)
    belong = scene.belong(CELEBA_HQ_FOLDER)
    if not most(belong):
        return _not_used(scene, "a folder CelebA-HQ-img", attributes)
    layout = Layout("CelebA-HQ", scene.pictures)
    partition = old and tables.find(scene.source, "list_eval_partition", tables.partition)
    if partition:
        add_splits(layout, _rows(_rows(scene.stems, belong, old), belong, partition), partition.label)
    if attributes:
        add_attributes(layout, _rows(scene.stems, belong, attributes), attributes)
    return layout


def ffhq(scene):
    named = "ffhq" in scene.name.lower()
    belong = [_is_ffhq(folder, stem, named) for folder, stem in zip(scene.folders, scene.stems, strict=True)]
    if not most(belong):
        return None
    versions = FFHQ_VERSIONS.intersection(part for folder in set(scene.folders) for part in folder.split("/"))
    if len(versions) > 1:
        raise UserError(f"{scene.source.path} holds the same pictures as {' and '.join(sorted(versions))}: "
                        f"give one of these folders")
    if not (named or versions or scene.name in FFHQ_VERSIONS or scene.sizes in FFHQ_SIZES):
        return None
    layout = Layout("FFHQ", scene.pictures)
    splits = [("train" if int(stem) < FFHQ_TRAINING else "valid") if known else None
              for stem, known in zip(scene.stems, belong, strict=True)]
    add_splits(layout, splits, "their numbers")
    return layout


def _is_ffhq(folder, stem, named):
    """Whether a picture has five digits for a name and, unless its source is named so, lies among its thousand."""
    return FFHQ_NAME.fullmatch(stem) is not None and (named or folder.endswith(f"{stem[:2]}000"))


def imagenet(scene):
    found = {folder: WORDNET_ID.fullmatch(folder.rpartition("/")[2]) for folder in set(scene.folders)}
    folders = [found[folder] and found[folder][0] for folder in scene.folders]
    if not most(folders):
        return None
    layout = Layout("ImageNet", scene.pictures, margin=IMAGENET_MARGIN)
    add_classes(layout, folders)
    return layout


def _match(scene, table):
    return table is not None and any(stem in table.rows for stem in scene.stems)


def _rows(stems, belong, table):
    """What a table says about each picture; None where it says nothing, or where the picture does not belong to it."""
    return [table.rows.get(stem) if known else None for stem, known in zip(stems, belong, strict=True)]


def _not_used(scene, wanted, *found):
    """Say which tables lie there for other pictures than these."""
    for table in found:
        if _match(scene, table):
            scene.said.append(f"{table.label} is not used, which takes {wanted}")
