"""Files as users have them: pictures of every kind that can be used, and files of every kind that cannot."""

import importlib.resources
import io
import struct
import zlib

import numpy as np
from PIL import Image

from minihit.data.prepare.decode import MAX_PIXELS

PHOTOS = importlib.resources.files("skimage") / "data"


def photo(name="chelsea.png", size=None):
    with Image.open(PHOTOS / name) as picture:
        return picture.convert("RGB").resize(size or picture.size)


def halves(left, right="white", size=(16, 16)):
    """A picture of two colours side by side: one of a single colour is not taken."""
    picture = Image.new("RGB", size, right)
    picture.paste(left, (0, 0, size[0] // 2, size[1]))
    return picture


def encoded(picture, kind="PNG", **options):
    """A Pillow image as the bytes of a file."""
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def png_header(width, height):
    """A PNG that claims a size and holds no pixels: 57 bytes."""
    def chunk(kind, content):
        body = kind + content
        return struct.pack(">I", len(content)) + body + struct.pack(">I", zlib.crc32(body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


def unusable():
    """Name -> (bytes, what the reason says)."""
    jpeg, png = encoded(photo(), "JPEG"), encoded(photo())
    flipped = bytearray(png)
    flipped[2000:2100] = bytes(100)
    no_picture = "no picture of a kind that Pillow reads"
    return {
        "truncated.jpg": (jpeg[:3000], "truncated"),
        "truncated.png": (png[:3000], ""),
        "flipped.png": (bytes(flipped), ""),
        "text.jpg": (b"this is a text", no_picture),
        "page.png": (b"<html><body>quota exceeded</body></html>", no_picture),
        "zero.png": (b"", "the file is empty"),
        "pixel.png": (encoded(Image.new("RGB", (1, 1), "red")), "1 x 1 pixels are too few for 16 x 16"),
        "bomb.png": (png_header(50_000, 50_000), "bomb"),
        "large.png": (png_header(MAX_PIXELS // 1000 + 1, 1000), "90001 x 1000 pixels are more than 90,000,000"),
        "postscript.jpg": (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\nshowpage\n", no_picture),
        "svg.png": (b'<svg xmlns="http://www.w3.org/2000/svg"/>', no_picture),
        "wide_grey.tif": (encoded(Image.fromarray(np.full((16, 16), 70_000, np.int32)), "TIFF"), "pixels reach from"),
    }


def usable():
    """Name -> bytes, of a picture of 16 x 16 with a red left half and a white right half each."""
    rgb = Image.new("RGB", (16, 16), "white")
    rgb.paste("red", (0, 0, 8, 16))
    lying = rgb.transpose(Image.Transpose.ROTATE_90)
    clear = rgb.convert("RGBA")
    clear.putalpha(Image.fromarray(np.where(np.arange(256).reshape(16, 16) % 16 < 8, 255, 0).astype(np.uint8)))
    exif = Image.Exif()
    exif[0x0112] = 6
    return {
        "plain.png": encoded(rgb),
        "plain.bmp": encoded(rgb, "BMP"),
        "plain.webp": encoded(rgb, "WEBP", lossless=True),
        "cmyk.jpg": encoded(rgb.convert("CMYK"), "JPEG", quality=98),
        "cmyk.tif": encoded(rgb.convert("CMYK"), "TIFF"),
        "palette.png": encoded(rgb.convert("P", palette=Image.Palette.ADAPTIVE)),
        "palette.gif": encoded(rgb.convert("P", palette=Image.Palette.ADAPTIVE), "GIF"),
        "alpha.png": encoded(clear),
        "rotated.jpg": encoded(lying, "JPEG", exif=exif, quality=98, subsampling=0),
        "animated.gif": encoded(rgb, "GIF", save_all=True, append_images=[Image.new("RGB", (16, 16), "blue")]),
        "trailing.jpg": encoded(rgb, "JPEG", quality=98, subsampling=0) + b"appended by some camera",
    }


def grey_16_bits():
    """A PNG of 16 x 16 whose left half is a middle grey of 16 bits and whose right half is white."""
    values = np.full((16, 16), 65535, np.uint16)
    values[:, :8] = 128 * 257
    return encoded(Image.fromarray(values))


def numbered(total, size=2):
    """uint8 (total, size, size, 3): image i holds i in its left half and 255 in its right half."""
    images = np.full((total, size, size, 3), 255, np.uint8)
    images[:, :, : size // 2] = np.arange(total).reshape(-1, 1, 1, 1)
    return images
