"""The formats that are opened: pictures only, so that no file starts an interpreter, as PostScript would."""

import contextlib
from functools import cache
from pathlib import PurePosixPath

FORMATS = ("PNG", "JPEG", "MPO", "WEBP", "BMP", "GIF", "TIFF", "PPM", "AVIF", "JPEG2000", "HEIF", "DIB", "ICO", "CUR",
           "ICNS", "PSD", "QOI", "DDS", "SGI", "SUN", "PCX", "FITS", "XPM", "XBM", "TGA")
NAMELESS = "TGA"  # begins with nothing that tells it from other files: last of all, and only where the name says so
SUFFIXES = (".png", ".jpg", ".jpeg", ".jfif", ".webp", ".bmp", ".gif", ".tif", ".tiff", ".ppm", ".pgm", ".avif", ".jp2")
SURE = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF8", b"II*\0", b"MM\0*")
HEIF_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")
JXL = (b"\xff\x0a", b"\0\0\0\x0cJXL ")


@cache
def formats():
    """The FORMATS that this Pillow reads; HEIF, the photos of phones, where pillow-heif is installed."""
    from PIL import Image

    Image.init()
    with contextlib.suppress(ImportError):
        from pillow_heif import register_heif_opener

        register_heif_opener()
    return [name for name in FORMATS if name in Image.OPEN]


def heif_version():
    """That of pillow-heif, or None."""
    try:
        from pillow_heif import __version__
    except ImportError:
        return None
    return __version__


def is_picture(name, file):
    """Whether an open binary file is a picture, whole or not, that Pillow reads or that is known to need help."""
    start = file.read(16)
    if name.lower().endswith(SUFFIXES) or start.startswith(SURE) or is_heif(start) or start.startswith(JXL):
        return True
    file.seek(0)
    return _opens(file, PurePosixPath(name).suffix.lower())


def is_heif(start):
    return start[4:8] == b"ftyp" and start[8:12] in HEIF_BRANDS


def _opens(file, suffix):
    from PIL import Image

    known = formats()
    nameless = Image.registered_extensions().get(suffix) == NAMELESS
    try:
        Image.open(file, formats=[name for name in known if name != NAMELESS or nameless]).close()
    except Image.DecompressionBombError:
        return True
    except Exception:  # what is no picture makes decoders raise nearly anything
        return False
    return True
