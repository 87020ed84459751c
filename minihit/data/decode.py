"""Picture files of any ordinary kind as plain RGB: modes, transparency, 16 bits, orientation, oversize."""

import numpy as np

FORMATS = ("PNG", "JPEG", "MPO", "WEBP", "BMP", "GIF", "TIFF", "PPM", "AVIF", "JPEG2000")
MAX_PIXELS = 90_000_000  # Pillow's own line for a decompression bomb; 270 MB as RGB


def decode(path, at_least=None):
    """The picture in a file as an upright Pillow image of mode RGB.

    at_least: where given, a JPEG may be decoded at 1/2, 1/4 or 1/8 of its size, which is many times faster, as long
        as neither side falls below so many pixels.
    What is transparent shows white, as the web page it was made for would show it. 16 bits become 8. Of an animation,
    the first frame counts. Colour profiles are ignored. Raises what Pillow raises, or ValueError with a reason.
    """
    from PIL import Image, ImageOps

    with Image.open(path, formats=_formats()) as picture:
        if picture.width * picture.height > MAX_PIXELS:
            raise ValueError(f"{picture.width} x {picture.height} pixels are more than {MAX_PIXELS:,}")
        if at_least:
            picture.draft(None, (at_least, at_least))
        return to_rgb(ImageOps.exif_transpose(picture))


def reason(error):
    """An exception as a few words on one line, without the file's name, which the reader has."""
    if type(error).__name__ == "UnidentifiedImageError":
        return "no picture of a kind that Pillow reads"
    return (getattr(error, "strerror", None) or str(error) or type(error).__name__).splitlines()[0]


def to_rgb(picture):
    """A Pillow image of any mode as mode RGB: wide greys scaled, what is transparent laid over white."""
    from PIL import Image

    if picture.mode[0] in "IF":  # greys wider than 8 bits, which convert() would clip instead of scale
        return Image.fromarray(_eight_bits(np.asarray(picture))).convert("RGB")
    if not picture.has_transparency_data:
        return picture.convert("RGB")
    paper = Image.new("RGBA", picture.size, "white")
    return Image.alpha_composite(paper, picture.convert("RGBA")).convert("RGB")


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
