"""What HiT is made of, checked when it is written down: frozen dataclasses, from which every shape follows."""

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, Literal

from minihit.errors import DEEPEST, WIDEST, UserError, require_at_most, require_choice
from minihit.layers.norm import NORMS

STARTS = (4, 8, 16, 32, 64)                                               # sides of a first feature map
ATTENTIONS = ("multi_axis", "block", "grid", "axial", "full", "none")


@dataclass(frozen=True)
class Stage:
    """One resolution of the generator, derived from a GeneratorConfig."""

    index: int
    side: int                        # height and width of the map
    channels: int
    next_channels: int | None        # None in the last stage
    heads: int
    layers: int                      # blocks besides the cross-attention block
    window: tuple[int, int] | None   # height and width of a window; None without self-attention
    axes: tuple[str, ...]            # where groups of heads attend: "block", "grid"
    rgb: bool                        # whether the stage adds to the image


@dataclass(frozen=True)
class GeneratorConfig:
    """HiT's generator (paper, table 1). One entry per stage; stage i has side start * 2^i.

    Raises UserError where the fields contradict each other, with what would work.
    """

    kind: ClassVar[str] = "hit"              # of network: see minihit/models
    latent: int                              # width of z: numbers an image, or a position where z is a grid
    channels: tuple[int, ...]                # of the map, one number per stage
    layers: tuple[int, ...]                  # blocks besides the cross-attention block
    heads: tuple[int, ...]                   # of self-attention, which divide the channels
    windows: tuple[int | None, ...]          # side of a window; none: no self-attention there (a high-resolution stage)
    tokens: int = 16                         # latent tokens that cross-attention reads (paper, section 3.3)
    attention: Literal[ATTENTIONS] = "multi_axis"  # self-attention of the stages with windows; the rest are ablations
    cross_attention: bool = True             # False: z enters through the first map only (ablation)
    multi_query: bool = True                 # one key and value head for all query heads (Shazeer 2019)
    norm: Literal[tuple(NORMS)] = "batch"    # batch: the official default
    start: int = 8                           # side of the first map; 16: that of the second stage of HiT's networks
    spatial: bool = False                    # True: z is a grid of start x start positions, as autoencoders have

    def __post_init__(self):
        stages = len(self.channels)
        for name in ("layers", "heads", "windows"):
            if len(getattr(self, name)) != stages:
                entries = len(getattr(self, name))
                raise UserError(f"{name} has {entries} entries and channels {stages}: give one per stage")
        require_choice("attention", self.attention, ATTENTIONS)
        require_choice("norm", self.norm, NORMS)
        for name in ("latent", "tokens"):
            if getattr(self, name) < 1:
                raise UserError(f"{name} is {getattr(self, name)}: it must be at least 1")
        require_at_most(WIDEST, latent=self.latent, tokens=self.tokens, channels=max(self.channels, default=0))
        require_at_most(DEEPEST, layers=max(self.layers, default=0))
        self._check_start()
        for stage in range(stages):
            self._check_stage(stage)

    def _check_start(self):
        if self.start not in STARTS:
            raise UserError(f"start is {self.start}: choose one of {', '.join(map(str, STARTS))}")
        possible = [4**k for k in range(self.start.bit_length())]
        if self.spatial and self.cross_attention and self.tokens not in possible:
            raise UserError(f"tokens is {self.tokens}: a grid of {self.start} x {self.start} is averaged down to "
                            f"{', '.join(map(str, possible))} positions: choose one of these")

    def _check_stage(self, index):
        side, channels, heads = self.start << index, self.channels[index], self.heads[index]
        if min(channels, heads) < 1 or channels % heads:
            possible = [n for n in range(1, min(max(channels, 1), 16) + 1) if channels % n == 0]
            raise UserError(f"stage {index}: {channels} channels do not divide among {heads} heads: "
                            f"choose heads from {possible}")
        if channels % 4 and index + 1 < len(self.channels):
            raise UserError(f"stage {index}: {channels} channels cannot be pixel-shuffled: choose a multiple of 4")
        if self.layers[index] < 0:
            raise UserError(f"stage {index}: layers is {self.layers[index]}: choose 0 or more")
        window = self.windows[index]
        if window is None or self.attention == "none":
            return
        if self.attention in ("multi_axis", "block", "grid") and (window < 1 or side % window):
            possible = [p for p in range(1, side + 1) if side % p == 0]
            raise UserError(f"stage {index}: windows of side {window} do not tile a {side} x {side} map: "
                            f"choose a side from {possible}, or none")
        if self.attention in ("multi_axis", "axial") and heads % 2:
            raise UserError(f"stage {index}: {self.attention} attention gives half the heads to each axis and there are"
                            f" {heads}: choose an even number that divides {channels}, or attention block or grid")

    @property
    def size(self):
        """Height and width of the image."""
        return self.start << (len(self.channels) - 1)

    @property
    def z_shape(self):
        """Of the z of one image."""
        return (self.start, self.start, self.latent) if self.spatial else (self.latent,)

    @cached_property
    def stages(self):
        """A tuple of Stage."""
        return tuple(self._stage(index) for index in range(len(self.channels)))

    def _stage(self, index):
        side, last = self.start << index, index + 1 == len(self.channels)
        attends = self.windows[index] is not None and self.attention != "none"
        p = self.windows[index]
        window = {"axial": (1, side), "full": (side, side)}.get(self.attention, (p, p)) if attends else None
        axes = {"block": ("block",), "full": ("block",), "grid": ("grid",)}.get(self.attention, ("block", "grid"))
        return Stage(index, side, self.channels[index], None if last else self.channels[index + 1], self.heads[index],
                     self.layers[index], window, axes, rgb=last or self.windows[index] is None)
