"""Drawn faces in a data set's clothes, for those who have not got it yet: the same files, names, sizes and tables.

layouts.py says which files they are; stand-in.json has the hashes of them: any other file is somebody else's and stays.
"""

import contextlib
import io
import itertools
import zipfile
from pathlib import Path

from minihit import parallel
from minihit.atomic import replacing
from minihit.data.faces import signature
from minihit.data.faces.attributes import draw_attributes
from minihit.data.faces.celeba import celeba_attributes
from minihit.data.faces.layouts import LAYOUTS
from minihit.processes import mapping

QUALITY = 90  # of JPEGs
CHUNK = 64  # faces of CelebA's size drawn at a time, fewer of larger ones
SHARE = 4  # chunks for which a process is worth its start


def write(folder, count, seed=0, progress=None, layout="celeba"):
    """Write the stand-in for a data set, of LAYOUTS, into a folder; returns the path of its zip.

    progress: called as progress(count) with the images just drawn. An earlier stand-in is replaced, when all is drawn.
    Raises UserError where a file is in the way that this did not write, and where the disk refuses.
    """
    folder, chosen = Path(folder), LAYOUTS[layout]
    signature.require_own(folder, chosen.files)
    with contextlib.ExitStack() as last_to_first:
        opened = {name: last_to_first.enter_context(replacing(folder / name)) for name in chosen.files}
        rows = pack(opened[chosen.images], layout, count, seed, progress)
        for name, text in chosen.tables(count, rows).items():
            opened[name].write(text.encode())
        signature.write(folder, opened)
    return folder / chosen.images


def there(folder, layout="celeba"):
    """The path of the zip where the stand-in was written to its end, else None."""
    chosen = LAYOUTS[layout]
    return Path(folder) / chosen.images if (Path(folder) / chosen.files[0]).exists() else None


def pack(file, layout, count, seed, progress=None):
    """Write the zip of so many faces; returns a row of CelebA's attributes for each.

    Faces are drawn on all cores, and written in their order: the bytes are the same on any number of them.
    """
    chosen, size = LAYOUTS[layout], _at_a_time(layout)
    chunks = [(layout, seed, first, min(size, count - first)) for first in range(0, count, size)]
    rows, places = [], (chosen.place(i, count) for i in range(count))
    workers = min(parallel.cores(), len(chunks) // SHARE)
    with zipfile.ZipFile(file, "w") as packed, mapping(workers) as each:
        for encoded, attributes in each(chunk, chunks):
            for place, content in zip(itertools.islice(places, len(encoded)), encoded, strict=True):
                packed.writestr(zipfile.ZipInfo(place), content)
            rows += attributes
            if progress:
                progress(len(encoded))
    return rows


def _at_a_time(layout):
    pixels = {name: max(LAYOUTS[name].size) ** 2 for name in (layout, "celeba")}
    return max(1, CHUNK * pixels["celeba"] // pixels[layout])


def chunk(place):
    """(pictures as bytes, rows of CelebA's attributes) of the faces first .. first + count - 1.

    place: (layout, seed, first, count).
    """
    layout, attributes = LAYOUTS[place[0]], draw_attributes(*place[1:])
    encoded = [encode(picture, layout.format) for picture in layout.pictures(attributes)]
    return encoded, celeba_attributes(attributes).tolist()


def encode(picture, kind):
    """uint8 (H, W, 3) as the bytes of a file, JPEG or PNG."""
    from PIL import Image

    encoded = io.BytesIO()
    Image.fromarray(picture).save(encoded, kind, **({"quality": QUALITY} if kind == "JPEG" else {}))
    return encoded.getvalue()
