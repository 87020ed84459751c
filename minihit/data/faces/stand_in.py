"""Drawn faces in CelebA's clothes, for those who have not got it yet: the same files, names, sizes and tables.

    img_align_celeba.zip        img_align_celeba/000001.jpg ..., JPEGs of 178 x 218 pixels
    list_eval_partition.txt     000001.jpg 0 ...: 0 train, 1 valid, 2 test
    list_attr_celeba.txt        the number of images, the names of 40 attributes, 000001.jpg -1 1 ...
    stand-in.json               the hashes of these three: what has another one is somebody else's, and never replaced
"""

import contextlib
import io
import itertools
import json
import multiprocessing
import os
import signal
import threading
import zipfile
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import numpy as np

from minihit import parallel
from minihit.atomic import replacing, write_text
from minihit.data.faces.attributes import BEARDS, HAIR_STYLES, HATS, draw_attributes
from minihit.data.faces.render import render
from minihit.data.store.manifest import describe_file
from minihit.errors import UserError

IMAGES, SPLITS, ATTRIBUTES = "img_align_celeba.zip", "list_eval_partition.txt", "list_attr_celeba.txt"
LAST = ATTRIBUTES  # of the files to be written
MARK, DRAWN_BY = "stand-in.json", "minihit data stand-in"
WIDTH, HEIGHT = 178, 218
QUALITY = 90
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
    require_own(folder)
    names = [f"{number:06d}.jpg" for number in range(1, count + 1)]
    splits = np.searchsorted(np.array(SPLIT_SHARES) * count, np.arange(count), side="right")
    with contextlib.ExitStack() as last_to_first:
        files = {name: last_to_first.enter_context(replacing(folder / name)) for name in (LAST, SPLITS, IMAGES)}
        rows = pack(files[IMAGES], names, seed, progress)
        lines = [f"{name} {' '.join(f'{sign:2d}' for sign in row)}" for name, row in zip(names, rows, strict=True)]
        table = "\n".join([str(count), " ".join(NAMES.split()) + " ", *lines, ""])
        files[ATTRIBUTES].write(table.encode())
        files[SPLITS].write("".join(f"{name} {part}\n" for name, part in zip(names, splits, strict=True)).encode())
        sign(folder, files.values())
    return folder / IMAGES


def pack(file, names, seed, progress=None):
    """Write the zip of the faces with these names; returns a row of CelebA's attributes for each.

    Faces are drawn on all cores, and written in their order: the bytes are the same on any number of them.
    """
    rows, chunks = [], [(seed, first, min(CHUNK, len(names) - first)) for first in range(0, len(names), CHUNK)]
    upcoming = iter(names)
    with zipfile.ZipFile(file, "w") as packed, drawing(len(chunks)) as draw:
        for encoded, attributes in draw(chunk, chunks):
            for name, content in zip(itertools.islice(upcoming, len(encoded)), encoded, strict=True):
                packed.writestr(zipfile.ZipInfo(f"img_align_celeba/{name}"), content)
            rows += attributes
            if progress:
                progress(len(encoded))
    return rows


@contextlib.contextmanager
def drawing(chunks):
    """map() for so many chunks: over processes, as drawing is many short calls that threads would wait for each other
    in; the usual one where one process does. Raises UserError where one of them is ended from outside."""
    count = min(parallel.cores(), chunks // SHARE)
    if count < 2:
        yield map
        return
    pool = ProcessPoolExecutor(count, multiprocessing.get_context("spawn"), serve)
    try:
        yield pool.map
    except BrokenProcessPool as error:
        raise UserError("a process that was drawing faces was ended from outside: see that there is memory for "
                        f"{count} of them, and give the command again") from error
    finally:
        pool.shutdown(cancel_futures=True)


def serve():
    """Make this process one that leaves Ctrl-C to its parent and ends when that ends, however it does."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    threading.Thread(target=lambda: (parent.join(), os._exit(1)), daemon=True).start()


def chunk(place):
    """(JPEGs, rows of CelebA's attributes) of the faces first .. first + count - 1; place: (seed, first, count)."""
    attributes = draw_attributes(*place)
    return [jpeg(picture) for picture in pictures(attributes)], celeba_attributes(attributes).tolist()


def require_own(folder):
    """The hashes of the files that would be replaced. Raises UserError where one of them is not a stand-in's."""
    there = [folder / name for name in (MARK, IMAGES, SPLITS, ATTRIBUTES) if os.path.lexists(folder / name)]
    known = signed(folder / MARK)
    hashes = {path: describe_file(path)["sha256"] if path.is_file() else None for path in there}
    for path, found in hashes.items():
        if known is None or (path.name != MARK and found not in known):
            raise UserError(f"{path} was not written by {DRAWN_BY}, or was changed since, and is not replaced: "
                            "choose another FOLDER, or move that file away")
    return [found for path, found in hashes.items() if path.name != MARK]


def signed(path):
    """The hashes in the mark of a stand-in, a list; None where there is no such mark."""
    try:
        facts = json.loads(path.read_bytes())
        return list(facts["sha256"]) if facts["drawn_by"] == DRAWN_BY else None
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return None


def sign(folder, files):
    """Write the mark of the written files and of those that they are about to replace: whenever this is killed, what
    is there is known."""
    for file in files:
        file.flush()
    hashes = [describe_file(file.name)["sha256"] for file in files]
    write_text(folder / MARK, json.dumps({"drawn_by": DRAWN_BY, "sha256": require_own(folder) + hashes}, indent=1))


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
