"""What encoder and convolutional decoder are made of, checked when it is written down.

Both are the small reference networks of van den Oord et al. 2017, section 4.1, as wide and as deep as wanted.
"""

from dataclasses import dataclass
from typing import ClassVar

from minihit.errors import DEEPEST, WIDEST, UserError, require_at_most


@dataclass(frozen=True)
class EncoderConfig:
    """Image to numbers: so many halvings, residual blocks on the smallest map, a linear layer.

    Raises UserError where the fields contradict each other, with what would work.
    """

    kind: ClassVar[str] = "encoder"          # of network: see minihit/models
    size: int                                # height and width of the image
    channels: tuple[int, ...]                # after each halving of the sides
    out: int                                 # numbers it gives: at every position of the smallest map, or in all
    blocks: int = 2                          # residual blocks on the smallest map; 0: the plain version
    spatial: bool = True                     # a grid of numbers; False: a vector

    def __post_init__(self):
        _check_maps(self, smallest=-1)
        _check_width("out", self.out)

    @property
    def side(self):
        """Height and width of the smallest map."""
        return self.size >> len(self.channels)


@dataclass(frozen=True)
class ConvolutionalDecoderConfig:
    """The encoder's mirror, numbers to image: a linear layer, residual blocks on the smallest map, so many doublings.

    Raises UserError where the fields contradict each other, with what would work.
    """

    kind: ClassVar[str] = "convolutional_decoder"  # of network: see minihit/models
    size: int                                # height and width of the image
    latent: int                              # width of z
    channels: tuple[int, ...]                # before each doubling of the sides, from the smallest map up
    blocks: int = 2                          # residual blocks on the smallest map; 0: the plain version
    spatial: bool = True                     # z is a grid (B, start, start, latent); False: a vector (B, latent)

    def __post_init__(self):
        _check_maps(self, smallest=0)
        _check_width("latent", self.latent)

    @property
    def start(self):
        """Height and width of the smallest map."""
        return self.size >> len(self.channels)

    @property
    def z_shape(self):
        """Of the z of one image."""
        return (self.start, self.start, self.latent) if self.spatial else (self.latent,)


def hidden(channels):
    """The width inside the residual blocks of a map: a quarter of its own, 32 of 128 in the usual reference."""
    return channels // 4


def _check_maps(config, smallest):
    """smallest: which of the channels are those of the smallest map."""
    count = len(config.channels)
    if count == 0 or min(config.channels) < 1:
        raise UserError("channels need a number, at least 1, for each halving of the image's sides: give one or more")
    require_at_most(WIDEST, channels=max(config.channels))
    _check_width("size", config.size)
    if config.size % 2**count:
        raise UserError(f"an image of side {config.size} cannot be halved {count} times, once for each of channels: "
                        f"choose a size that 2^{count} divides, or fewer channels")
    if config.blocks < 0:
        raise UserError(f"blocks is {config.blocks}: choose 0 or more")
    require_at_most(DEEPEST, blocks=config.blocks)
    if config.blocks and hidden(config.channels[smallest]) < 1:
        raise UserError(f"residual blocks are a quarter as wide inside as the smallest map, which has "
                        f"{config.channels[smallest]} channels: give it at least 4, or choose blocks 0")


def _check_width(name, width):
    if width < 1:
        raise UserError(f"{name} is {width}: it must be at least 1")
    require_at_most(WIDEST, **{name: width})
