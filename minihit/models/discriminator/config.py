"""What the discriminator is made of, checked when it is written down."""

from dataclasses import dataclass
from typing import ClassVar, Literal

from minihit.errors import WIDEST, UserError, require_at_most, require_choice
from minihit.layers.residual_downsample import DOWNSAMPLES


@dataclass(frozen=True)
class DiscriminatorConfig:
    """StyleGAN2's residual discriminator (Karras et al. 2020), as HiT uses it.

    Raises UserError where the fields contradict each other, with what would work.
    """

    kind: ClassVar[str] = "discriminator"    # of network: see minihit/models
    channels: tuple[int, ...]                # at sides size, size / 2, ..., 4
    downsample: Literal[tuple(DOWNSAMPLES)] = "blur"  # of a block's map to half its side
    equalized: bool = False                  # equalised learning rate (Karras et al. 2018, section 4.1)
    minibatch_stddev: bool = False           # Karras et al. 2018, section 3

    def __post_init__(self):
        require_choice("downsample", self.downsample, DOWNSAMPLES)
        if len(self.channels) < 2 or min(self.channels) < 1:
            raise UserError("a discriminator needs a number of channels, at least 1, "
                            "for each side from the image's down to 4")
        require_at_most(WIDEST, channels=max(self.channels))

    @property
    def size(self):
        """Height and width of the image."""
        return 4 << (len(self.channels) - 1)


def stylegan2_channels(size, multiplier=1):
    """Channels at sides size, ..., 4 of the official discriminator: 512 up to side 32, then 16384 m / side."""
    wide = {64 << i: (256 >> i) * multiplier for i in range(5)}
    sides = [size >> i for i in range(size.bit_length() - 2)]
    return tuple(wide.get(side, 512) for side in sides)
