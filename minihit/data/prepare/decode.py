"""Picture files of any ordinary kind as plain RGB: modes, transparency, 16 bits, orientation, oversize."""

import os
import stat

import numpy as np

FORMATS = ("PNG", "JPEG", "MPO", "WEBP", "BMP", "GIF", "TIFF", "PPM", "AVIF", "JPEG2000")
MAX_PIXELS = 90_000_000  # Pillow's own line for a decompression bomb; 270 MB as RGB
TAIL = 64  # bytes in which a JPEG's end is looked for; some writers fill up with zeros


def decode(file, at_least=None):
    """The picture in a file as an upright Pillow image of mode RGB.

    file: a path, or an open binary file.
    at_least: where given, a JPEG may be decoded at 1/2, 1/4 or 1/8 of its size, which is many times faster, as long
        as neither side falls below so many pixels.
    What is transparent shows white, as the web page it was made for would show it. 16 bits become 8. Of an animation,
    the first frame counts. Colour profiles are ignored. Raises what Pillow raises, or ValueError with a reason.
    """
    from PIL import ImageOps

    with _open(file) as picture:
        if at_least:
            picture.draft(None, (at_least, at_least))
        return to_rgb(ImageOps.exif_transpose(picture))


def inspect(file):
    """(width, height) of the picture in an open binary file; raises as `decode` does, at a fraction of its cost.

    A damaged PNG shows in its checksums and a truncated JPEG in its end; damage of other kinds shows in `decode` alone.
    """
    with _open(file) as picture:
        size, kind = picture.size, picture.format
        if kind == "PNG":
            picture.verify()
        elif kind == "JPEG" and not _ends_as_jpeg(file):
            picture.load()  # something may follow the picture, or something of it is missing
    return size


def reason(error):
    """An exception as a few words on one line, without the file's name, which the reader has."""
    if type(error).__name__ == "UnidentifiedImageError":
        return "no picture of a kind that Pillow reads"
    return (getattr(error, "strerror", None) or str(error).strip() or type(error).__name__).splitlines()[0]


def to_rgb(picture):
    """A Pillow image of any mode as mode RGB: wide greys scaled, what is transparent laid over white."""
    from PIL import Image

    if picture.mode[0] in "IF":  # greys wider than 8 bits, which convert() would clip instead of scale
        return Image.fromarray(_eight_bits(np.asarray(picture))).convert("RGB")
    if not picture.has_transparency_data:
        return picture.convert("RGB")
    paper = Image.new("RGBA", picture.size, "white")
    return Image.alpha_composite(paper, picture.convert("RGBA")).convert("RGB")


def _open(file):
    """A Pillow image whose pixels are not read yet, of a kind and a number of pixels that are safe to read."""
    from PIL import Image

    if isinstance(file, (str, os.PathLike)) and not stat.S_ISREG(os.stat(file).st_mode):  # a pipe would be waited for
        raise ValueError("no regular file")
    picture = Image.open(file, formats=_formats())
    if picture.width * picture.height > MAX_PIXELS:
        picture.close()
        raise ValueError(f"{picture.width} x {picture.height} pixels are more than {MAX_PIXELS:,}")
    return picture


def _ends_as_jpeg(file):
    place = file.tell()
    file.seek(-min(TAIL, file.seek(0, os.SEEK_END)), os.SEEK_END)
    ends = file.read(TAIL).rstrip(b"\0\r\n ").endswith(b"\xff\xd9")
    file.seek(place)
    return ends


def _eight_bits(grey):
    """(H, W) of 0 .. 65535, or of floats in [0, 1] -> uint8."""
    white = 1.0 if grey.dtype.kind == "f" else 65535.0
    if not (grey.min() >= 0 and grey.max() <= white):
        raise ValueError(f"pixels reach from {grey.min():.6g} to {grey.max():.6g}, not from 0 to {white:g}")
    return (grey * (255.0 / white)).round().astype(np.uint8)


def _formats():
    """What is opened: pictures only, so that no file starts an interpreter, as PostScript would."""
    from PIL import Image

    Image.init()
    return [name for name in FORMATS if name in Image.OPEN]
