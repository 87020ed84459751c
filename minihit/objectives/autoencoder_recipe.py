"""How an encoder and a decoder are trained: every number of the recipes with its reason."""

from dataclasses import dataclass
from typing import ClassVar, Literal

from minihit.errors import UserError, require_choice
from minihit.objectives import losses
from minihit.objectives.recipe import Recipe

PIXELS = ("l1", "l2")


@dataclass(frozen=True)
class AutoencoderRecipe(Recipe):
    """What VAE and VQ-VAE share.

    Raises UserError where a setting is out of range, with what would work.
    """

    augment: ClassVar[tuple] = ()            # of what D sees: a reconstruction is compared with its own original
    consistency: ClassVar[float] = 0.0
    wgan_gp: ClassVar[float] = 0.0
    beta1: float = 0.9                       # Adam's memory of gradients: nothing plays against another here
    rate: float = 1e-3                       # Adam's learning rate of all networks but the discriminator
    pixels: Literal[PIXELS] = "l1"           # differences of pixels: absolute or squared
    pyramid: float = 0.0                     # cost of absolute differences on a Laplacian pyramid; 0: off
    adversarial: float = 0.0                 # weight of what a discriminator says, relative to the rest; 0: off
    adversarial_from: float = 0.25           # share of the steps after which the decoder listens to it
    features: float = 0.0                    # cost, beside D's loss, of differences in D's layers; 0: off
    discriminator_rate: float = 2e-4         # Adam's learning rate of the discriminator, which learns from step 1
    loss: Literal[losses.KINDS] = "non_saturating"  # of its logits
    r1: float = 1.0                          # cost of the gradient penalty at real images; 0: off

    def __post_init__(self):
        super().__post_init__()
        require_choice("pixels", self.pixels, PIXELS)
        require_choice("loss", self.loss, losses.KINDS)
        self.require_above_zero("rate", "discriminator_rate")
        self.require_not_negative("pyramid", "adversarial", "features", "r1")
        self.require_shares("adversarial_from")
        if self.features and not self.adversarial:
            raise UserError(f"features is {self.features} and adversarial 0: features are matched in the layers of a "
                            f"discriminator, so choose --recipe.adversarial 0.5, or --recipe.features 0")
        self.require_precise("rate", "discriminator_rate", "pyramid", "adversarial", "features", "r1")

    @property
    def with_discriminator(self):
        """Whether a discriminator is trained beside encoder and decoder."""
        return self.adversarial > 0


@dataclass(frozen=True)
class VaeRecipe(AutoencoderRecipe):
    """Settings of a VAE (Kingma & Welling 2014). Its terms are in nats per image: differences of pixels are summed over
    the image, the KL over the latent numbers, so that beta 1 makes their sum a bound on the likelihood.
    """

    beta: float = 1.0                        # weight of the KL (Higgins et al. 2017)
    sigma: float = 0.0                       # spread of a pixel around its reconstruction, as a standard deviation (l2)
    """or mean absolute deviation (l1); 0: the best one for each batch, in closed form (Rybkin et al. 2021)"""

    def __post_init__(self):
        super().__post_init__()
        self.require_not_negative("beta", "sigma")
        self.require_precise("beta", "sigma")


@dataclass(frozen=True)
class VqvaeRecipe(AutoencoderRecipe):
    """Settings of a VQ-VAE (van den Oord et al. 2017). All terms are means."""

    beta: float = 0.25                       # cost of commitment: what draws the encoder to its codes

    def __post_init__(self):
        super().__post_init__()
        self.require_not_negative("beta")
        self.require_precise("beta")
