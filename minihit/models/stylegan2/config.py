"""What StyleGAN2's generator is made of, checked when it is written down."""

from dataclasses import dataclass
from typing import ClassVar

from minihit.errors import DEEPEST, WIDEST, UserError, require_at_most


@dataclass(frozen=True)
class StyleGAN2Config:
    """StyleGAN2's generator (Karras et al. 2020).

    Raises UserError for a field that cannot be, with what would work.
    """

    kind: ClassVar[str] = "stylegan2"        # of network: see minihit/models
    latent: int                              # width of z
    width: int                               # of w, and of the layers that make it
    channels: tuple[int, ...]                # of the maps at sides 4, 8, ..., size
    mapping: int = 8                         # layers from z to w; the authors' later settings for small data have 2
    mapping_rate: float = 0.01               # of the mapping's learning rate to that of all else

    def __post_init__(self):
        if not self.channels or min(self.channels) < 1:
            raise UserError("channels need a number, at least 1, for each side from 4 to the image's: give one or more")
        for name in ("latent", "width", "mapping"):
            if getattr(self, name) < 1:
                raise UserError(f"{name} is {getattr(self, name)}: it must be at least 1")
        require_at_most(WIDEST, latent=self.latent, width=self.width, channels=max(self.channels))
        require_at_most(DEEPEST, mapping=self.mapping)
        if not 0.0 < self.mapping_rate <= 1.0:
            raise UserError(f"mapping_rate is {self.mapping_rate}: it must be more than 0 and at most 1")

    @property
    def sides(self):
        """Height and width of the maps, from the first up."""
        return tuple(4 << i for i in range(len(self.channels)))

    @property
    def size(self):
        """Height and width of the image."""
        return self.sides[-1]

    @property
    def z_shape(self):
        """Of the z of one image."""
        return (self.latent,)

    @property
    def noise_sides(self):
        """Height and width of the noise of each convolution: one at side 4, two at all others."""
        return (4, *(side for side in self.sides[1:] for _ in range(2)))


def halved_channels(size, base=32768, most=512):
    """Channels at sides 4, 8, ..., size: base / side, at most `most` (Karras et al. 2018, table 2; the official base).

    A base of 16384 is the official setting `fmaps` 0.5.
    """
    return tuple(min(base // side, most) for side in (4 << i for i in range(size.bit_length() - 2)))
