"""Pictures of any size as squares of one size.

Shrinking uses Lanczos with antialiasing, as for CelebA-HQ and FFHQ: the sharpest of the filters that do not alias; or
another one where a data set was published with it. Enlarging uses bicubic, where Lanczos would ring.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

Filter = Literal["lanczos", "bicubic", "bilinear", "box"]
MOST_ENLARGED = 4  # times: a 1-pixel picture has nothing to teach


@dataclass(frozen=True)
class Square:
    """What becomes of a picture: a square from its middle, resized to `size` pixels a side.

    crop: side of that square in pixels; None: the largest there is. filter: of shrinking.
    """

    size: int
    crop: int | None = None
    filter: Filter = "lanczos"

    @property
    def at_least(self):
        """The pixels a side that a JPEG is decoded with at least (`decode`); a crop in pixels needs all of them."""
        return None if self.crop else 2 * self.size

    def side(self, width, height):
        """The side of the square before resizing. Raises ValueError where the picture is too small for it."""
        side = self.crop or min(width, height)
        if side > min(width, height):
            raise ValueError(f"{width} x {height} pixels do not hold the crop of {side} x {side}")
        if side * MOST_ENLARGED < self.size:
            raise ValueError(f"{width} x {height} pixels are too few for {self.size} x {self.size}, "
                             f"which takes a quarter of that")
        return side

    def __call__(self, picture):
        """A Pillow RGB image as uint8 (size, size, 3)."""
        from PIL import Image

        side = self.side(*picture.size)
        left, top = (picture.width - side) // 2, (picture.height - side) // 2
        kernel = Image.Resampling[self.filter.upper() if side > self.size else "BICUBIC"]
        box = (left, top, left + side, top + side)
        # reducing_gap: a large picture is first averaged over whole pixels, down to 3 times the size
        return np.asarray(picture.resize((self.size, self.size), kernel, box=box, reducing_gap=3.0))
