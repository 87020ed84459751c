"""How networks are trained, whatever for: the numbers that every recipe has, each with its reason."""

import math
from dataclasses import dataclass
from typing import Annotated

import numpy as np
import tyro

from minihit.errors import UserError
from minihit.optim import EPS

LARGEST_BATCH = 2**16
_BATCH, _STEPS, _MICRO_BATCH = (tyro.conf.arg(aliases=[flag]) for flag in ("--batch", "--steps", "--micro-batch"))


@dataclass(frozen=True)
class Recipe:
    """Settings of one training run; each objective adds its own.

    Raises UserError where a setting is out of range, with what would work.
    """

    batch: Annotated[int, _BATCH] = 32       # images per step
    steps: Annotated[int, _STEPS] = 10_000   # updates of all networks
    decay_from: float = 1.0                  # share of the steps after which the rates fall linearly to zero
    beta1: float = 0.0                       # Adam's memory of gradients
    beta2: float = 0.99                      # and of their squares
    clip: float = 0.0                        # largest norm of a network's gradient; 0: not clipped
    ema_decay: float = 0.999                 # of the moving average of the weights, which pictures are made with
    micro_batch: Annotated[int, _MICRO_BATCH] = 0
    """images computed at a time, on a thread each, which memory grows with; 0: all. The gradient is that of the whole
    batch, except that batch norm takes its statistics from a micro-batch (norm layer takes none)"""

    def __post_init__(self):
        self.require_above_zero("batch", "steps")
        if self.batch > LARGEST_BATCH:
            raise UserError(f"batch is {self.batch}: it must be at most {LARGEST_BATCH:,}")
        self.require_not_negative("clip", "micro_batch")
        self.require_shares("decay_from", "beta1", "beta2", "ema_decay")
        for name in ("beta1", "beta2", "ema_decay"):
            if _rounded(getattr(self, name)) == 1:
                raise UserError(f"{name} is {getattr(self, name)}: it must be below 1, in float32 too, as a moving "
                                f"average with 1 never moves")
        self.require_precise("clip")
        if 0 < self.clip < EPS:
            raise UserError(f"clip is {self.clip}: below {EPS}, which Adam adds to what it divides by, gradients train "
                            f"nothing; choose 1, or 0 (off)")

    def require_above_zero(self, *names):
        for name in names:
            if not getattr(self, name) > 0:
                raise UserError(f"{name} is {getattr(self, name)}: it must be above 0")

    def require_not_negative(self, *names):
        for name in names:
            if not getattr(self, name) >= 0:
                raise UserError(f"{name} is {getattr(self, name)}: it must be 0 (off) or more")

    def require_shares(self, *names):
        for name in names:
            if not 0 <= getattr(self, name) <= 1:
                raise UserError(f"{name} is {getattr(self, name)}: it must lie between 0 and 1")

    def require_precise(self, *names):
        """Raise UserError for numbers by which nothing is trained, as training rounds them to float32."""
        for name in names:
            value = getattr(self, name)
            if value and not 0 < _rounded(value) < math.inf:
                raise UserError(f"{name} is {value}, and {_rounded(value)} in float32, which training computes in: "
                                f"choose a number nearer to 1")

    def for_pictures(self, count):
        """The recipe with what depends on it settled for so many training pictures; None: without end."""
        return self

    def unsettled(self):
        """The recipe before for_pictures, for other pictures."""
        return self

    def decay(self, step):
        """The factor of the learning rates at a step (from 1)."""
        start = self.decay_from * self.steps
        return 1.0 if step <= start else max(0.0, (self.steps - step + 1) / (self.steps - start + 1))


def _rounded(value):
    """To float32, infinity where it is too large for that."""
    with np.errstate(over="ignore"):
        return float(np.float32(value))
