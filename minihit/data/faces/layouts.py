"""How the data sets that drawn faces stand in for are packed: a zip, and the tables beside it.

    celeba      img_align_celeba.zip, JPEGs of 178 x 218 pixels img_align_celeba/000001.jpg ..., list_eval_partition.txt
                and list_attr_celeba.txt
    celeba-hq   CelebAMask-HQ.zip, JPEGs of 1024 x 1024 pixels CelebA-HQ-img/0.jpg ..., CelebA-HQ-to-CelebA-mapping.txt,
                CelebAMask-HQ-attribute-anno.txt, and CelebA's list_eval_partition.txt, whose splits these have
    ffhq        images1024x1024.zip, PNGs of that size images1024x1024/00000/00000.png ...
    imagenet    imagenet.zip, JPEGs of 500 x 375 pixels train/n01440764/n01440764_0.JPEG ...
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from minihit.data.faces.celeba import NAMES
from minihit.data.faces.render import render

SPLIT_SHARES = (0.8, 0.9)  # where valid and test begin
SIX_DIGITS, FFHQ_PICTURES = 999_999, 70_000
CLASSES = "n01440764", "n01443537", "n01484850", "n01491361"  # ImageNet's first four


@dataclass(frozen=True)
class Layout:
    """images: name of the zip; size: width and height of the pictures; format: Pillow's name of it.

    place(i, count): the path in the zip of picture i of so many; most: pictures that have a place; tables(count, rows):
    {file name: text}, of a row of CelebA's attributes for each.
    """

    images: str
    size: tuple[int, int]
    format: str
    place: Callable[[int, int], str]
    most: int = SIX_DIGITS
    tables: Callable[[int, list], dict] = lambda count, rows: {}

    @property
    def files(self):
        """All names, the one that appears last first."""
        return [*self.tables(0, []), self.images]

    def pictures(self, attributes):
        """Faces with these attributes, cut from the middle of squares: uint8 (count, height, width, 3)."""
        side = max(self.size)
        left, top = ((side - length) // 2 for length in self.size)
        return render(attributes, side)[:, top : top + self.size[1], left : left + self.size[0]]


def _celeba_name(i):
    return f"{i + 1:06d}.jpg"


def _celeba_tables(count, rows):
    return {"list_attr_celeba.txt": _attributes([f"{_celeba_name(i)} " for i in range(count)], rows),
            **_partition(count)}


def _celeba_hq_tables(count, rows):
    mapping = [f"{i} {i} {_celeba_name(i)}" for i in range(count)]
    return {"CelebAMask-HQ-attribute-anno.txt": _attributes([f"{i}.jpg  " for i in range(count)], rows),
            "CelebA-HQ-to-CelebA-mapping.txt": _lines(["idx orig_idx orig_file", *mapping]),
            **_partition(count)}


def _attributes(names, rows):
    lines = [name + " ".join(f"{sign:2d}" for sign in row) for name, row in zip(names, rows, strict=True)]
    return _lines([str(len(lines)), " ".join(NAMES.split()) + " ", *lines])


def _partition(count):
    splits = np.searchsorted(np.array(SPLIT_SHARES) * count, np.arange(count), side="right")
    return {"list_eval_partition.txt": _lines(f"{_celeba_name(i)} {split}" for i, split in enumerate(splits))}


def _lines(lines):
    return "".join(f"{line}\n" for line in lines)


def _ffhq_place(i, count):
    number = i * FFHQ_PICTURES // count  # all over the data set, of which the last seventh is for validation
    return f"images1024x1024/{number // 1000:02d}000/{number:05d}.png"


def _imagenet_place(i, count):
    name = CLASSES[i % len(CLASSES)]
    if i < SPLIT_SHARES[0] * count:
        return f"train/{name}/{name}_{i}.JPEG"
    return f"val/{name}/ILSVRC2012_val_{i + 1:08d}.JPEG"


LAYOUTS = {
    "celeba": Layout("img_align_celeba.zip", (178, 218), "JPEG", lambda i, count: f"img_align_celeba/{_celeba_name(i)}",
                     tables=_celeba_tables),
    "celeba-hq": Layout("CelebAMask-HQ.zip", (1024, 1024), "JPEG", lambda i, count: f"CelebA-HQ-img/{i}.jpg",
                        tables=_celeba_hq_tables),
    "ffhq": Layout("images1024x1024.zip", (1024, 1024), "PNG", _ffhq_place, FFHQ_PICTURES),
    "imagenet": Layout("imagenet.zip", (500, 375), "JPEG", _imagenet_place),
}
