"""A generator and its discriminator: HiT's presets (paper, table 1, section 4.1) and smaller ones for one machine."""

from dataclasses import dataclass, replace
from typing import ClassVar

from minihit.errors import UserError
from minihit.models.discriminator.config import DiscriminatorConfig, stylegan2_channels
from minihit.models.hit.config import GeneratorConfig
from minihit.models.stylegan2.config import StyleGAN2Config
from minihit.objectives.gan_recipe import GanRecipe
from minihit.presets.groups import require_whole_groups

Generator = GeneratorConfig | StyleGAN2Config


@dataclass(frozen=True)
class GanPreset:
    """A generator, a discriminator of the same image size, and how to train them.

    Raises UserError where the two sizes differ, or the discriminator cannot compare a batch's images.
    """

    kind: ClassVar[str] = "gan"              # of objective: see minihit/objectives
    generator: Generator                     # HiT's: a number per stage, stage i has side start * 2^i; or StyleGAN2's
    discriminator: DiscriminatorConfig       # StyleGAN2's residual discriminator
    recipe: GanRecipe                        # how the two are trained

    @property
    def networks(self):
        """{name: configuration} of all that is trained, in the order in which first values are drawn."""
        return {"generator": self.generator, "discriminator": self.discriminator}

    @property
    def size(self):
        """Height and width of the images."""
        return self.generator.size

    def __post_init__(self):
        sizes = self.generator.size, self.discriminator.size
        if sizes[0] != sizes[1]:
            raise UserError(f"the generator makes images of side {sizes[0]}, the discriminator reads side {sizes[1]}: "
                            f"give the discriminator {sizes[0].bit_length() - 2} numbers of channels")
        require_whole_groups(self.discriminator, self.recipe)


def _official(multiplier, size, recipe, **generator):
    discriminator = DiscriminatorConfig(stylegan2_channels(size, multiplier))
    return GanPreset(GeneratorConfig(**generator), discriminator, recipe)


# HiT's recipes are the commands in the README of its official code (google-research/hit-gan at 06d310c); where they say
# nothing, its run.py has the defaults of GanRecipe. Its batch norm is per replica: 256 images on a TPUv2 4x4, 16 chips
# of two cores, make groups of 8, which micro-batches are here. CelebA-HQ and FFHQ differ in length. For 1024 x 1024 it
# has the network and no command: the recipe for 256 x 256 is taken as it is. The large network is the paper's for FFHQ
_IMAGENET = GanRecipe(batch=256, steps=1_000_000, generator_rate=1e-4, discriminator_rate=1e-4, micro_batch=8)
_CELEBA_HQ = GanRecipe(batch=256, steps=250_000, generator_rate=5e-5, discriminator_rate=5e-5, consistency=10.0,
                       micro_batch=8)
_FFHQ = replace(_CELEBA_HQ, steps=500_000)
_AT_256 = {"latent": 512, "channels": (512, 512, 256, 128, 64, 64), "layers": (2, 2, 2, 2, 1, 1),
           "heads": (16, 8, 4, 4, 4, 4), "windows": (4, 4, 8, 8, None, None)}
_AT_1024 = {"latent": 512, "channels": (512, 512, 256, 128, 64, 64, 32, 32), "layers": (2, 2, 2, 2, 1, 1, 1, 1),
            "heads": (16, 8, 4, 4, 4, 4, 4, 4), "windows": (4, 4, 8, 8, None, None, None, None)}

PRESETS = {
    # for minutes on two cores: ten times the official rates, falling to zero over the second half; an average over
    # hundreds of steps, since a longer one still remembers the beginning; little R1, as its
    # right cost grows with the number of pixels (Karras et al. 2020, StyleGAN2-ADA's automatic settings)
    "faces-32": GanPreset(
        GeneratorConfig(latent=64, channels=(96, 64, 32), layers=(1, 1, 1), heads=(4, 4, 4), windows=(4, 4, None)),
        DiscriminatorConfig((24, 48, 96, 128)),
        GanRecipe(batch=32, steps=2_000, generator_rate=1e-3, discriminator_rate=1e-3, decay_from=0.5, r1=0.3,
               ema_decay=0.99, micro_batch=16),
    ),
    # for an hour on two cores: faces-32 with a stage more, wider by a third. R1: a quarter of the automatic setting, as
    # there. Minibatch stddev: without it the colours of the coarse levels drift while details still get better, and
    # rates that fall early, for the same reason
    "faces-64": GanPreset(
        GeneratorConfig(latent=64, channels=(128, 96, 64, 32), layers=(1, 1, 1, 1), heads=(4, 4, 4, 4),
                        windows=(4, 4, 8, None)),
        DiscriminatorConfig((24, 48, 96, 128, 128), minibatch_stddev=True),
        GanRecipe(batch=32, steps=2_400, generator_rate=1e-3, discriminator_rate=1e-3, decay_from=0.4, r1=1.2,
               ema_decay=0.99, micro_batch=16),
    ),
    # for one GPU. R1: HiT's cost of 10 belongs to 256 x 256 pixels and batches of 256; the right one grows with the
    # pixels and shrinks with the batch (StyleGAN2-ADA's automatic settings: 0.0002 * pixels / batch), which makes it
    # 10 * (side / 256)^2 * (256 / batch). bCR: as in HiT's recipes for faces. Rates: 2e-4 as in DCGAN (Radford et al.
    # 2016) at 64 x 64, 1e-4 as in HiT at 128 x 128, falling to zero over the second half so that the end is calm. EMA:
    # HiT's, here half of it from the last 44,000 images (StyleGAN2-ADA: 20,000). Length: 12.8 and 19.2 million images,
    # 79 and 118 times CelebA's training split; HiT takes 64 million. Micro-batches: as much as fits in 8 GB. Tried on
    # 16,000 drawn faces with TF32 and an EMA of 0.99, sliced Wasserstein distance times 1,000, real against real 11:
    # celeba-64's numbers 718 (no step), 676 (350), 360 (700), 220 (1,050); rates of 5e-4 and no bCR, whose step takes
    # half as long, 572 (400), 134 (800), 52 (1,200), norms calm all along; 7e-4 with R1 1 and no bCR on endless faces
    # 761, 443, 492 (1,400), D's norm 15,000 at step 150 and 7,400 at step 900: there it breaks
    "celeba-64": GanPreset(
        GeneratorConfig(latent=128, channels=(256, 256, 128, 64), layers=(2, 2, 2, 2), heads=(8, 8, 4, 4),
                        windows=(4, 4, 8, None)),
        DiscriminatorConfig((64, 128, 256, 256, 256)),
        GanRecipe(batch=64, steps=200_000, generator_rate=2e-4, discriminator_rate=2e-4, decay_from=0.5, r1=2.5,
               consistency=10.0, micro_batch=32),
    ),
    "celeba-128": GanPreset(
        GeneratorConfig(latent=256, channels=(256, 256, 256, 128, 64), layers=(2, 2, 2, 2, 1), heads=(8, 8, 4, 4, 4),
                        windows=(4, 4, 8, 8, None)),
        DiscriminatorConfig((64, 128, 256, 256, 256, 256)),
        GanRecipe(batch=64, steps=300_000, generator_rate=1e-4, discriminator_rate=1e-4, decay_from=0.5, r1=10.0,
               consistency=10.0, micro_batch=16),
    ),
    "hit-128": _official(
        1, 128, _IMAGENET, latent=256, channels=(512, 512, 256, 128, 128), layers=(2, 2, 2, 2, 2),
        heads=(16, 8, 4, 4, 4), windows=(4, 4, 8, 8, None)),
    "hit-256": _official(2, 256, _CELEBA_HQ, **_AT_256),
    "hit-256-ffhq": _official(2, 256, _FFHQ, **_AT_256),
    "hit-256-large": _official(
        2, 256, _FFHQ, latent=512, channels=(1024, 512, 256, 128, 128, 128), layers=(2, 2, 2, 2, 2, 2),
        heads=(16, 8, 4, 4, 4, 4), windows=(4, 4, 8, 8, None, None)),
    "hit-1024": _official(2, 1024, _CELEBA_HQ, **_AT_1024),
    "hit-1024-ffhq": _official(2, 1024, _FFHQ, **_AT_1024),
}
