"""How a pair of networks is trained: every number of the recipe with its reason."""

import math
from dataclasses import dataclass, replace
from typing import Annotated, Literal

import numpy as np
import tyro

from minihit.errors import UserError
from minihit.objectives.losses import KINDS
from minihit.ops.augment import POLICIES
from minihit.optim import EPS

FEW_PICTURES = 2_000                                                      # that D would soon know by heart
LARGEST_BATCH = 2**16
_BATCH, _STEPS, _MICRO_BATCH = (tyro.conf.arg(aliases=[flag]) for flag in ("--batch", "--steps", "--micro-batch"))


@dataclass(frozen=True)
class Recipe:
    """Settings of one training run.

    Raises UserError where a setting is out of range, with what would work.
    """

    batch: Annotated[int, _BATCH] = 32       # images per step, for each of real and fake
    steps: Annotated[int, _STEPS] = 10_000   # updates of both networks
    generator_rate: float = 1e-4             # Adam's learning rates; the official recipes use one for both networks
    discriminator_rate: float = 1e-4
    decay_from: float = 1.0                  # share of the steps after which both rates fall linearly to zero
    beta1: float = 0.0                       # Adam without momentum, as usual with R1 (Mescheder et al. 2018)
    beta2: float = 0.99
    loss: Literal[KINDS] = "non_saturating"  # of the logits
    r1: float = 10.0                         # cost of the gradient penalty at real images; 0: off
    wgan_gp: float = 0.0                     # cost of the gradient penalty at mixtures of real and fake; 0: off
    consistency: float = 0.0                 # cost of bCR (Zhao et al. 2021); 10 in HiT's CelebA-HQ and FFHQ recipes
    augment: tuple[Literal[tuple(POLICIES)], ...] | None = None
    """DiffAugment of all that D sees; none: all three kinds for at most 2000 pictures, else nothing"""
    clip: float = 0.0                        # largest norm of a network's gradient; 0: not clipped
    ema_decay: float = 0.999                 # of the generator that is sampled from
    micro_batch: Annotated[int, _MICRO_BATCH] = 0
    """images computed at a time, on a thread each, which memory grows with; 0: all. The gradient is that of the whole
    batch, except that batch norm takes its statistics from a micro-batch (norm layer takes none)"""

    def __post_init__(self):
        if self.loss not in KINDS:
            raise UserError(f"loss {self.loss!r} is unknown: choose one of {', '.join(KINDS)}")
        for name in self.augment or ():
            if name not in POLICIES:
                raise UserError(f"augmentation {name!r} is unknown: choose from {', '.join(POLICIES)}")
        for name in ("batch", "steps", "generator_rate", "discriminator_rate"):
            if not getattr(self, name) > 0:
                raise UserError(f"{name} is {getattr(self, name)}: it must be above 0")
        if self.batch > LARGEST_BATCH:
            raise UserError(f"batch is {self.batch}: it must be at most {LARGEST_BATCH:,}")
        for name in ("r1", "wgan_gp", "consistency", "clip", "micro_batch"):
            if not getattr(self, name) >= 0:
                raise UserError(f"{name} is {getattr(self, name)}: it must be 0 (off) or more")
        for name in ("decay_from", "beta1", "beta2", "ema_decay"):
            if not 0 <= getattr(self, name) <= 1:
                raise UserError(f"{name} is {getattr(self, name)}: it must lie between 0 and 1")
        self._check_precision()

    def _check_precision(self):
        """Raise UserError for numbers by which nothing is trained, as training rounds them to float32."""
        for name in ("beta1", "beta2", "ema_decay"):
            if _rounded(getattr(self, name)) == 1:
                raise UserError(f"{name} is {getattr(self, name)}: it must be below 1, in float32 too, as a moving "
                                f"average with 1 never moves")
        for name in ("generator_rate", "discriminator_rate", "r1", "wgan_gp", "consistency", "clip"):
            value = getattr(self, name)
            if value and not 0 < _rounded(value) < math.inf:
                raise UserError(f"{name} is {value}, and {_rounded(value)} in float32, which training computes in: "
                                f"choose a number nearer to 1")
        if 0 < self.clip < EPS:
            raise UserError(f"clip is {self.clip}: below {EPS}, which Adam adds to what it divides by, gradients train "
                            f"nothing; choose 1, or 0 (off)")

    def for_pictures(self, count):
        """The recipe with its augmentation settled for so many training pictures; None: without end."""
        if self.augment is not None:
            return self
        few = count is not None and count <= FEW_PICTURES
        return replace(self, augment=tuple(POLICIES) if few else ())

    def decay(self, step):
        """The factor of the learning rates at a step (from 1)."""
        start = self.decay_from * self.steps
        return 1.0 if step <= start else max(0.0, (self.steps - step + 1) / (self.steps - start + 1))


def _rounded(value):
    """To float32, infinity where it is too large for that."""
    with np.errstate(over="ignore"):
        return float(np.float32(value))
