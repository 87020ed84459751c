"""Drawn faces in CelebA's clothes, for those who have not got it yet: the same files, names, sizes and tables.

    img_align_celeba.zip        img_align_celeba/000001.jpg ..., JPEGs of 178 x 218 pixels
    list_eval_partition.txt     000001.jpg 0 ...: 0 train, 1 valid, 2 test
    list_attr_celeba.txt        the number of images, the names of 40 attributes, 000001.jpg -1 1 ...
    stand-in.json               the hashes of these three: any other file is somebody else's and stays
"""

import contextlib
import io
import itertools
import zipfile
from pathlib import Path

import numpy as np

from minihit import parallel
from minihit.atomic import replacing
from minihit.data.faces import signature
from minihit.data.faces.attributes import BEARDS, HAIR_STYLES, HATS, draw_attributes
from minihit.data.faces.render import render
from minihit.processes import mapping

IMAGES, SPLITS, ATTRIBUTES = "img_align_celeba.zip", "list_eval_partition.txt", "list_attr_celeba.txt"
LAST = ATTRIBUTES  # of the files to get its name
FILES = LAST, SPLITS, IMAGES
WIDTH, HEIGHT = 178, 218
QUALITY = 90
MOST = 999_999  # images that six digits can name
CHUNK = 64  # faces drawn at a time
SHARE = 4  # chunks for which a process is worth its start
SPLIT_SHARES = (0.8, 0.9)  # where valid and test begin
NAMES = """\
    5_o_Clock_Shadow Arched_Eyebrows Attractive Bags_Under_Eyes Bald Bangs Big_Lips Big_Nose Black_Hair Blond_Hair
    Blurry Brown_Hair Bushy_Eyebrows Chubby Double_Chin Eyeglasses Goatee Gray_Hair Heavy_Makeup High_Cheekbones Male
    Mouth_Slightly_Open Mustache Narrow_Eyes No_Beard Oval_Face Pale_Skin Pointy_Nose Receding_Hairline Rosy_Cheeks
    Sideburns Smiling Straight_Hair Wavy_Hair Wearing_Earrings Wearing_Hat Wearing_Lipstick Wearing_Necklace
    Wearing_Necktie Young"""  # in the order of the file


def write(folder, count, seed=0, progress=None):
    """Write the stand-in for CelebA into a folder; returns the path of its zip.

    progress: called as progress(count) with the images just drawn. An earlier stand-in is replaced, when all is drawn.
    Raises UserError where a file is in the way that this did not write, and where the disk refuses.
    """
    folder = Path(folder)
    signature.require_own(folder, FILES)
    names = [f"{number:06d}.jpg" for number in range(1, count + 1)]
    splits = np.searchsorted(np.array(SPLIT_SHARES) * count, np.arange(count), side="right")
    with contextlib.ExitStack() as last_to_first:
        files = {name: last_to_first.enter_context(replacing(folder / name)) for name in FILES}
        rows = pack(files[IMAGES], names, seed, progress)
        lines = [f"{name} {' '.join(f'{sign:2d}' for sign in row)}" for name, row in zip(names, rows, strict=True)]
        table = "\n".join([str(count), " ".join(NAMES.split()) + " ", *lines, ""])
        files[ATTRIBUTES].write(table.encode())
        files[SPLITS].write("".join(f"{name} {part}\n" for name, part in zip(names, splits, strict=True)).encode())
        signature.write(folder, files)
    return folder / IMAGES


def pack(file, names, seed, progress=None):
    """Write the zip of the faces with these names; returns a row of CelebA's attributes for each.

    Faces are drawn on all cores, and written in their order: the bytes are the same on any number of them.
    """
    rows, chunks = [], [(seed, first, min(CHUNK, len(names) - first)) for first in range(0, len(names), CHUNK)]
    upcoming = iter(names)
    workers = min(parallel.cores(), len(chunks) // SHARE)
    with zipfile.ZipFile(file, "w") as packed, mapping(workers) as each:
        for encoded, attributes in each(chunk, chunks):
            for name, content in zip(itertools.islice(upcoming, len(encoded)), encoded, strict=True):
                packed.writestr(zipfile.ZipInfo(f"img_align_celeba/{name}"), content)
            rows += attributes
            if progress:
                progress(len(encoded))
    return rows


def chunk(place):
    """(JPEGs, rows of CelebA's attributes) of the faces first .. first + count - 1; place: (seed, first, count)."""
    attributes = draw_attributes(*place)
    return [jpeg(picture) for picture in pictures(attributes)], celeba_attributes(attributes).tolist()


def pictures(attributes):
    """Faces as CelebA's aligned ones, uint8 (count, 218, 178, 3)."""
    left = (HEIGHT - WIDTH) // 2
    return render(attributes, HEIGHT)[:, :, left : left + WIDTH]


def celeba_attributes(attributes):
    """CelebA's forty, 1 or -1, int8 (count, 40), of the renderer's; those that it does not know are -1."""
    hair, beard, hat = (list(styles).index for styles in (HAIR_STYLES, BEARDS, HATS))
    known = {
        "5_o_Clock_Shadow": attributes["beard"] == beard("stubble"),
        "Bald": attributes["hair_style"] == hair("bald"),
        "Bangs": attributes["hair_style"] == hair("bangs"),
        "Big_Nose": attributes["nose_width"] > 0.095,
        "Bushy_Eyebrows": attributes["brow_thickness"] > 0.037,
        "Eyeglasses": attributes["glasses"] > 0,
        "Goatee": attributes["beard"] == beard("goatee"),
        "Mouth_Slightly_Open": attributes["mouth_open"] > 0,
        "Mustache": attributes["beard"] == beard("moustache"),
        "Narrow_Eyes": attributes["eye_openness"] < 0.74,
        "No_Beard": attributes["beard"] == beard("none"),
        "Rosy_Cheeks": attributes["blush"] > 0.35,
        "Smiling": attributes["smile"] > 0.05,
        "Wavy_Hair": attributes["hair_style"] == hair("wavy"),
        "Wearing_Earrings": attributes["earrings"] > 0,
        "Wearing_Hat": (attributes["hat"] > 0) & (attributes["hat"] <= hat("beret")),
    }
    none = np.zeros(len(attributes["hat"]), bool)
    return np.stack([np.where(known.get(name, none), 1, -1) for name in NAMES.split()], axis=1).astype(np.int8)


def jpeg(picture):
    """uint8 (H, W, 3) as the bytes of a JPEG."""
    from PIL import Image

    encoded = io.BytesIO()
    Image.fromarray(picture).save(encoded, "JPEG", quality=QUALITY)
    return encoded.getvalue()
