"""What a codebook is made of and how it is learnt, checked when it is written down."""

from dataclasses import dataclass
from typing import ClassVar, Literal

from minihit.errors import WIDEST, UserError, require_at_most, require_choice

LEARN = ("average", "gradient")


@dataclass(frozen=True)
class QuantizerConfig:
    """The vector quantiser of a VQ-VAE (van den Oord et al. 2017).

    Raises UserError for a field that cannot be, with what would work.
    """

    kind: ClassVar[str] = "quantizer"        # of network: see minihit/models
    codes: int = 256                         # in the codebook
    width: int = 16                          # numbers of a code
    learn: Literal[LEARN] = "average"        # of the vectors that meet a code (appendix A.1), or the codebook's loss
    decay: float = 0.99                      # what an average keeps of itself in a step
    restart: float = 0.1                     # codes used less than this share of the mean move onto vectors; 0: never
    rotate: bool = False                     # the rotation trick (Fifty et al. 2024) in place of straight-through

    def __post_init__(self):
        require_choice("learn", self.learn, LEARN)
        for name in ("codes", "width"):
            if getattr(self, name) < 1:
                raise UserError(f"{name} is {getattr(self, name)}: it must be at least 1")
        require_at_most(WIDEST, codes=self.codes, width=self.width)
        for name in ("decay", "restart"):
            if not 0.0 <= getattr(self, name) < 1.0:
                raise UserError(f"{name} is {getattr(self, name)}: it must be at least 0 and less than 1")

    @property
    def restarts(self):
        """Whether a step offers vectors to codes."""
        return self.learn == "average" and self.restart > 0.0
