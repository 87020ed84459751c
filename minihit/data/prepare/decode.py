"""Picture files of any ordinary kind as plain RGB: modes, transparency, profiles, 16 bits, orientation, oversize."""

import os
import stat
from typing import Literal

import numpy as np

from minihit.data.prepare.colour import to_srgb
from minihit.data.prepare.formats import formats
from minihit.data.prepare.kinds import PICTURES, START, named

Greys = Literal["full", "stretch"]
MEGAPIXELS = 90  # Pillow's own line for a decompression bomb; 270 MB as RGB
MAX_PIXELS = MEGAPIXELS * 1_000_000
TAIL = 64  # bytes in which a JPEG's end is looked for; some writers fill up with zeros
SMALL_SHARE = 1 / 4  # of the range of wide greys: 12 bits in 16 look black
SMALL = "with greys that use a small part of their range and look nearly alike: " \
        "minihit data prepare --greys stretch spreads them"
NO_PICTURE = "no picture of a kind that Pillow reads"


def decode(file, at_least=None, greys="full", most=MAX_PIXELS, note=lambda words: None):
    """The picture in a file as an upright Pillow image of mode RGB, in sRGB.

    file: a path, or an open binary file.
    at_least: where given, a JPEG may be decoded at 1/2, 1/4 or 1/8 of its size, which is many times faster, as long
        as neither side falls below so many pixels.
    greys: what is black and white in greys wider than 8 bits: the ends of their whole range ("full"), or the darkest
        and the brightest pixel of the picture ("stretch").
    most: pixels that are decoded.
    note: called with words for what was done to a picture that is not as it should be.
    What is transparent shows white, as the web page it was made for would show it. 16 bits become 8. Of an animation,
    the first frame counts. Raises what Pillow raises, or ValueError with a reason.
    """
    from PIL import ImageOps

    with _open(file, at_least, most) as picture:
        _reduce(picture, at_least, most)
        upright = ImageOps.exif_transpose(picture)
        if _nothing_shows(upright):
            raise ValueError("wholly transparent")
        return to_rgb(upright, greys, note)


def inspect(file, at_least=None, most=MAX_PIXELS):
    """(width, height) of the picture in an open binary file; raises as `decode` does, at a fraction of its cost.

    A damaged PNG shows in its checksums and a truncated JPEG in its end; damage of other kinds shows in `decode` alone.
    """
    with _open(file, at_least, most) as picture:
        size, kind = picture.size, picture.format
        _reduce(picture, at_least, most)
        if kind == "PNG":
            picture.verify()
        elif kind == "JPEG" and not _ends_as_jpeg(file):
            picture.load()  # something may follow the picture, or something of it is missing
    return size


def reason(error):
    """An exception as a few words on one line, without the file's name, which the reader has."""
    if type(error).__name__ == "UnidentifiedImageError":
        return NO_PICTURE
    return (getattr(error, "strerror", None) or str(error).strip() or type(error).__name__).splitlines()[0]


def to_rgb(picture, greys="full", note=lambda words: None):
    """A Pillow image of any mode as mode RGB: wide greys scaled, colours in sRGB, what is transparent over white."""
    from PIL import Image

    profile = picture.info.get("icc_profile")
    if picture.mode[0] in "IF":  # greys wider than 8 bits, which convert() would clip instead of scale
        picture = Image.fromarray(_eight_bits(np.asarray(picture), greys, note))
    picture = to_srgb(picture, profile, note)
    if not picture.has_transparency_data:
        return picture.convert("RGB")
    paper = Image.new("RGBA", picture.size, "white")
    return Image.alpha_composite(paper, picture.convert("RGBA")).convert("RGB")


def _open(file, at_least, most):
    """A Pillow image whose pixels are not read yet."""
    from PIL import Image, UnidentifiedImageError

    if isinstance(file, (str, os.PathLike)) and not stat.S_ISREG(os.stat(file).st_mode):  # a pipe would be waited for
        raise ValueError("no regular file")
    if most > MAX_PIXELS:
        Image.MAX_IMAGE_PIXELS = max(most, Image.MAX_IMAGE_PIXELS or most)
    try:
        return Image.open(file, formats=formats())
    except UnidentifiedImageError as error:
        raise ValueError(_unknown(_start(file))) from error
    except Image.DecompressionBombError:
        if at_least and (picture := _large_jpeg(file)):
            return picture
        raise


def _unknown(start):
    """Why a file is not opened, by its first bytes."""
    what, cure = kind = named(start)
    if kind in PICTURES:
        return f"{what}: {cure}"
    return f"{NO_PICTURE} but {what}: {cure.format(it='that')}" if what else NO_PICTURE


def _reduce(picture, at_least, most):
    """Let a JPEG be decoded at a part of its size. Raises ValueError where too many pixels are left."""
    (width, height), pixels = picture.size, picture.width * picture.height
    if at_least:
        picture.draft(None, (at_least, at_least))
    if not picture.info.get("progressive"):  # which is kept whole while it is decoded
        pixels = picture.width * picture.height
    if pixels > most:
        raise ValueError(f"{width} x {height} pixels are more than {most:,}: minihit data prepare --megapixels "
                         f"{-(-width * height // 1_000_000)} takes them")


def _large_jpeg(file):
    """A JPEG that Pillow does not open as it would fill the memory at its full size; None for other pictures."""
    from PIL.JpegImagePlugin import JpegImageFile

    if hasattr(file, "seek"):
        file.seek(0)
    try:
        return JpegImageFile(file)
    except SyntaxError:
        return None


def _start(file):
    if isinstance(file, (str, os.PathLike)):
        with open(file, "rb") as opened:
            return opened.read(START)
    file.seek(0)
    return file.read(START)


def _ends_as_jpeg(file):
    place = file.tell()
    file.seek(-min(TAIL, file.seek(0, os.SEEK_END)), os.SEEK_END)
    ends = file.read(TAIL).rstrip(b"\0\r\n ").endswith(b"\xff\xd9")
    file.seek(place)
    return ends


def _nothing_shows(picture):
    if not picture.has_transparency_data:
        return False
    shown = picture if "A" in picture.getbands() else picture.convert("RGBA")
    return shown.getchannel("A").getextrema() == (0, 0)


def _eight_bits(grey, greys, note):
    """(H, W) of 0 .. 65535, or of floats in [0, 1], or of any numbers where they are stretched -> uint8."""
    white = 1.0 if grey.dtype.kind == "f" else 65535.0
    darkest, brightest = float(grey.min()), float(grey.max())
    if greys == "stretch" and np.isfinite([darkest, brightest]).all():
        return ((grey - darkest) * (255.0 / (brightest - darkest or 1.0))).round().astype(np.uint8)
    if not (darkest >= 0 and brightest <= white):
        raise ValueError(f"pixels reach from {darkest:.6g} to {brightest:.6g}, not from 0 to {white:g}: "
                         "minihit data prepare --greys stretch takes any range")
    if brightest - darkest < SMALL_SHARE * white:
        note(SMALL)
    return (grey * (255.0 / white)).round().astype(np.uint8)
