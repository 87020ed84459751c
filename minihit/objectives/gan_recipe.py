"""How a generator and a discriminator are trained: every number of the recipe with its reason."""

from dataclasses import dataclass, replace
from typing import ClassVar, Literal

from minihit.errors import UserError, require_choice
from minihit.objectives.losses import KINDS
from minihit.objectives.recipe import Recipe
from minihit.ops.augment import POLICIES

FEW_PICTURES = 2_000                                                      # that D would soon know by heart


@dataclass(frozen=True)
class GanRecipe(Recipe):
    """Settings of the game. A batch has so many real and so many fake images; without momentum (beta1 0), as usual with
    R1 (Mescheder et al. 2018).

    Raises UserError where a setting is out of range, with what would work.
    """

    features: ClassVar[float] = 0.0          # no image has an original whose features it should have
    generator_rate: float = 1e-4             # Adam's learning rates; the official recipes use one for both networks
    discriminator_rate: float = 1e-4
    loss: Literal[KINDS] = "non_saturating"  # of the logits
    r1: float = 10.0                         # cost of the gradient penalty at real images; 0: off
    wgan_gp: float = 0.0                     # cost of the gradient penalty at mixtures of real and fake; 0: off
    consistency: float = 0.0                 # cost of bCR (Zhao et al. 2021); 10 in HiT's CelebA-HQ and FFHQ recipes
    augment: tuple[Literal[tuple(POLICIES)], ...] | None = None
    """DiffAugment of all that D sees; none: all three kinds for at most 2000 pictures, else nothing"""

    def __post_init__(self):
        super().__post_init__()
        require_choice("loss", self.loss, KINDS)
        for name in self.augment or ():
            if name not in POLICIES:
                raise UserError(f"augmentation {name!r} is unknown: choose from {', '.join(POLICIES)}")
        self.require_above_zero("generator_rate", "discriminator_rate")
        self.require_not_negative("r1", "wgan_gp", "consistency")
        self.require_precise("generator_rate", "discriminator_rate", "r1", "wgan_gp", "consistency")

    def for_pictures(self, count):
        """With its augmentation settled for so many training pictures; None: without end."""
        if self.augment is not None:
            return self
        few = count is not None and count <= FEW_PICTURES
        return replace(self, augment=tuple(POLICIES) if few else ())

    def unsettled(self):
        """With its augmentation to be settled by other pictures."""
        return replace(self, augment=None)
