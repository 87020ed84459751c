"""An encoder and a decoder, HiT's or a convolutional one, with everything else equal: presets of VAE and VQ-VAE."""

from dataclasses import dataclass, replace
from typing import ClassVar

from minihit.errors import UserError
from minihit.models.autoencoder.config import ConvolutionalDecoderConfig, EncoderConfig
from minihit.models.discriminator.config import DiscriminatorConfig, stylegan2_channels
from minihit.models.hit.config import GeneratorConfig
from minihit.models.quantizer.config import QuantizerConfig
from minihit.objectives.autoencoder_recipe import VaeRecipe, VqvaeRecipe
from minihit.presets.groups import require_whole_groups

Decoder = GeneratorConfig | ConvolutionalDecoderConfig
DECODERS = ("hit", "cnn", "cnn-wide")


class _Autoencoder:
    """What both have: networks in the order in which first values are drawn, and one size of images."""

    @property
    def networks(self):
        """{name: configuration} of all that is trained."""
        names = ["encoder", "quantizer", "decoder"] + ["discriminator"] * self.recipe.with_discriminator
        return {name: getattr(self, name) for name in names if hasattr(self, name)}

    @property
    def size(self):
        """Height and width of the images."""
        return self.decoder.size

    def _check(self, latent, name):
        """Raise UserError unless all fit together; the encoder has to give `latent` numbers, which `name` reads."""
        sizes = {"encoder": self.encoder.size, "decoder": self.decoder.size, "discriminator": self.discriminator.size}
        if len(set(sizes.values())) > 1:
            text = ", ".join(f"{name} {size}" for name, size in sizes.items())
            raise UserError(f"the networks are for images of different sides ({text}): give all of them the same")
        if self.encoder.spatial != self.decoder.spatial:
            raise UserError("one of encoder and decoder has a latent grid, the other a vector: give both the same "
                            "--encoder.spatial and --decoder.spatial")
        if self.encoder.spatial and self.encoder.side != self.decoder.start:
            raise UserError(f"the encoder gives a grid of side {self.encoder.side} and the decoder reads one of side "
                            f"{self.decoder.start}: choose as many channels for both")
        if self.encoder.out != latent:
            raise UserError(f"the encoder gives {self.encoder.out} numbers and {name} needs {latent}: "
                            f"choose --encoder.out {latent}")
        if self.recipe.with_discriminator:
            require_whole_groups(self.discriminator, self.recipe)


@dataclass(frozen=True)
class VaePreset(_Autoencoder):
    """A variational autoencoder (Kingma & Welling 2014): pictures as normally distributed numbers.

    Raises UserError where the networks do not fit together.
    """

    kind: ClassVar[str] = "vae"              # of objective: see minihit/objectives
    encoder: EncoderConfig                   # image to mean and log-variance: twice the decoder's latent
    decoder: Decoder                         # latent to image
    discriminator: DiscriminatorConfig       # trained where the recipe has an adversarial term
    recipe: VaeRecipe                        # how they are trained

    def __post_init__(self):
        self._check(2 * self.decoder.latent, "a mean and a log-variance for each of the decoder's")


@dataclass(frozen=True)
class VqvaePreset(_Autoencoder):
    """A vector-quantised autoencoder (van den Oord et al. 2017): pictures as a grid of words from a codebook.

    Raises UserError where the networks do not fit together.
    """

    kind: ClassVar[str] = "vqvae"            # of objective: see minihit/objectives
    encoder: EncoderConfig                   # image to a vector at every position of a grid
    quantizer: QuantizerConfig               # vector to the nearest code
    decoder: Decoder                         # grid of codes to image
    discriminator: DiscriminatorConfig       # trained where the recipe has an adversarial term
    recipe: VqvaeRecipe                      # how they are trained

    def __post_init__(self):
        if not self.decoder.spatial:
            raise UserError("codes stand at the positions of a grid: choose --decoder.spatial and --encoder.spatial")
        self._check(self.quantizer.width, "the quantizer")
        if self.decoder.latent != self.quantizer.width:
            raise UserError(f"codes have {self.quantizer.width} numbers and the decoder reads {self.decoder.latent}: "
                            f"choose --decoder.latent {self.quantizer.width}")


def counterpart(name, decoder):
    """The Preset of that name with another decoder: one of DECODERS. Raises UserError where it has no such counterpart.

    "cnn" has as many parameters as HiT's decoder ("hit"), "cnn-wide" takes as long a step.
    """
    if name not in PRESETS:
        raise UserError(f"--decoder chooses between the decoders of {', '.join(PRESETS)}: leave it out with {name}")
    return PRESETS[name] if decoder == "hit" else replace(PRESETS[name], decoder=CNN[decoder][name])


PRESETS = {
    # for minutes on two cores, with layer norm, so that a reconstruction depends on its latent alone in training too.
    # Squared differences: PSNR is what they minimise. Rates and length: as much as twelve minutes allow, falling to
    # zero over the second half
    "vae-32": VaePreset(
        EncoderConfig(size=32, channels=(64, 128), out=128, blocks=2, spatial=False),
        GeneratorConfig(latent=64, channels=(96, 64, 32), layers=(1, 1, 1), heads=(4, 4, 4), windows=(4, 4, None),
                        norm="layer"),
        DiscriminatorConfig((24, 48, 96, 128)),
        VaeRecipe(batch=32, steps=2_000, rate=1e-3, decay_from=0.5, ema_decay=0.99, micro_batch=16),
    ),
    "vqvae-32": VqvaePreset(
        EncoderConfig(size=32, channels=(64, 128), out=16, blocks=2),
        QuantizerConfig(codes=256, width=16),
        GeneratorConfig(latent=16, channels=(96, 64, 32), layers=(1, 1, 1), heads=(4, 4, 4), windows=(4, 4, None),
                        spatial=True, norm="layer"),
        DiscriminatorConfig((24, 48, 96, 128)),
        VqvaeRecipe(batch=32, steps=2_500, rate=2e-3, decay_from=0.5, pixels="l2", ema_decay=0.99, micro_batch=16),
    ),
    # for one GPU, as VQGAN (Esser et al. 2021): absolute differences, here on a pyramid and in D's layers instead of a
    # network trained on ImageNet, an adversarial weight of 0.8, 1,024 codes; D learns from the first step and is heard
    # after a quarter of them. f = 8 makes a grid of 8 x 8 of 64 x 64 pixels, f = 16 one of 16 x 16 of 256 x 256. R1's
    # cost: as in the GAN presets, 10 * (side / 256)^2 * (256 / batch). 6 and 16 million images
    "vqvae-64": VqvaePreset(
        EncoderConfig(size=64, channels=(64, 128, 256), out=32, blocks=2),
        QuantizerConfig(codes=1024, width=32),
        GeneratorConfig(latent=32, channels=(256, 256, 128, 64), layers=(2, 2, 2, 2), heads=(8, 8, 4, 4),
                        windows=(4, 4, 8, None), spatial=True, norm="layer"),
        DiscriminatorConfig((64, 128, 256, 256, 256)),
        VqvaeRecipe(batch=64, steps=100_000, rate=3e-4, decay_from=0.5, pyramid=1.0, adversarial=0.8, features=1.0,
                    r1=2.5, micro_batch=32),
    ),
    "vqvae-256": VqvaePreset(
        EncoderConfig(size=256, channels=(64, 128, 256, 512), out=64, blocks=2),
        QuantizerConfig(codes=1024, width=64),
        GeneratorConfig(latent=64, start=16, channels=(512, 256, 128, 64, 64), layers=(2, 2, 2, 1, 1),
                        heads=(8, 4, 4, 4, 4), windows=(4, 8, 8, None, None), spatial=True, norm="layer"),
        DiscriminatorConfig(stylegan2_channels(256)),
        VqvaeRecipe(batch=64, steps=250_000, rate=1e-4, decay_from=0.5, pyramid=1.0, adversarial=0.8, features=1.0,
                    r1=40.0, micro_batch=8),
    ),
}
CNN = {                                                                   # matched to HiT's: see counterpart
    "cnn": {
        "vae-32": ConvolutionalDecoderConfig(size=32, latent=64, channels=(124, 64), blocks=2, spatial=False),
        "vqvae-32": ConvolutionalDecoderConfig(size=32, latent=16, channels=(128, 64), blocks=2),
        "vqvae-64": ConvolutionalDecoderConfig(size=64, latent=32, channels=(448, 256, 128), blocks=2),
        "vqvae-256": ConvolutionalDecoderConfig(size=256, latent=64, channels=(768, 448, 224, 112), blocks=3),
    },
    "cnn-wide": {
        "vae-32": ConvolutionalDecoderConfig(size=32, latent=64, channels=(352, 176), blocks=2, spatial=False),
        "vqvae-32": ConvolutionalDecoderConfig(size=32, latent=16, channels=(352, 176), blocks=2),
        "vqvae-64": ConvolutionalDecoderConfig(size=64, latent=32, channels=(512, 384, 192), blocks=2),
        "vqvae-256": ConvolutionalDecoderConfig(size=256, latent=64, channels=(1024, 640, 320, 160), blocks=3),
    },
}
