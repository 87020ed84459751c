"""Pictures of any size as squares of one size.

Shrinking uses Lanczos with antialiasing, as for CelebA-HQ and FFHQ: the sharpest of the filters that do not alias; or
another one where a data set was published with it. Enlarging uses bicubic, where Lanczos would ring.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from minihit.data.prepare.decode import MAX_PIXELS, Greys, decode, inspect

Filter = Literal["lanczos", "bicubic", "bilinear", "box"]
Fit = Literal["square", "pad", "stretch"]
MOST_ENLARGED = 4  # times: a 1-pixel picture has nothing to teach


@dataclass(frozen=True)
class Square:
    """What becomes of a picture: a square of `size` pixels a side.

    crop: side in pixels of the square that is cut from its middle; None: the largest there is. filter: of shrinking.
    fit: "square" cuts, "pad" keeps all of it between white bars, "stretch" keeps all of it out of proportion.
    quick: a JPEG may be decoded at a part of its size where that is enough. greys, most: as `decode` takes them.
    """

    size: int
    crop: int | None = None
    filter: Filter = "lanczos"
    fit: Fit = "square"
    quick: bool = True
    greys: Greys = "full"
    most: int = MAX_PIXELS

    @property
    def at_least(self):
        """The pixels a side that a JPEG is decoded with at least; a crop in pixels needs all of them."""
        return 2 * self.size if self.quick and not self.crop else None

    def side(self, width, height):
        """The side of the square before resizing. Raises ValueError where the picture is too small for it."""
        shorter = min(width, height)
        side = self.crop or (max(width, height) if self.fit == "pad" else shorter)
        if self.crop and side > shorter:
            raise ValueError(f"{width} x {height} pixels do not hold the crop of {side} x {side}")
        if side * MOST_ENLARGED < self.size:
            raise ValueError(f"{width} x {height} pixels are too few for {self.size} x {self.size}, "
                             f"which takes a quarter of that")
        return side

    def check(self, file):
        """Raise what `read` would raise for an open binary file, as far as this shows without decoding it."""
        self.side(*inspect(file, self.at_least, self.most))

    def read(self, file, note=lambda words: None):
        """The picture in an open binary file as uint8 (size, size, 3); note: as `decode` takes it.

        Raises as `decode` does, and ValueError for a picture with nothing in it.
        """
        resized = self._resized(decode(file, self.at_least, self.greys, self.most, note))
        if self.size > 1 and _of_one_colour(resized):
            raise ValueError(f"nothing but one colour at {self.size} x {self.size}")
        return self._framed(resized)

    def __call__(self, picture):
        """A Pillow RGB image as uint8 (size, size, 3)."""
        return self._framed(self._resized(picture))

    def _resized(self, picture):
        """What is kept of a picture at its new size; smaller than the square where it is to be padded."""
        from PIL import Image

        side = self.side(*picture.size)
        kernel = Image.Resampling[self.filter.upper() if side > self.size else "BICUBIC"]
        box, shape = self._box(*picture.size, side), (self.size, self.size)
        if self.fit == "pad":
            shape = tuple(max(1, round(length * self.size / side)) for length in picture.size)
        # reducing_gap: a large picture is first averaged over whole pixels, down to 3 times the size
        return picture.resize(shape, kernel, box=box, reducing_gap=3.0)

    def _box(self, width, height, side):
        if self.fit != "square":
            return 0, 0, width, height
        left, top = (width - side) // 2, (height - side) // 2
        return left, top, left + side, top + side

    def _framed(self, picture):
        from PIL import Image

        if picture.size == (self.size, self.size):
            return np.asarray(picture)
        paper = Image.new("RGB", (self.size, self.size), "white")
        paper.paste(picture, ((self.size - picture.width) // 2, (self.size - picture.height) // 2))
        return np.asarray(paper)


def _of_one_colour(picture):
    """Two pixels tell of nearly all pictures that they are not."""
    first, middle = picture.getpixel((0, 0)), picture.getpixel((picture.width // 2, picture.height // 2))
    return first == middle and bool((np.asarray(picture) == first).all())
