"""StyleGAN2's generator in the place of HiT's: the same discriminator, data and loop."""

from dataclasses import replace

from minihit.errors import UserError
from minihit.models.stylegan2.config import StyleGAN2Config, halved_channels
from minihit.presets import gan

GENERATORS = ("hit", "stylegan2", "stylegan2-wide")


def counterpart(name, generator):
    """The Preset of that name with another generator: one of GENERATORS. Raises UserError where it has no such
    counterpart.

    "stylegan2" has as many parameters as HiT's ("hit"), or at 256 pixels is the published network; "stylegan2-wide"
    takes as long a step.
    """
    found = COUNTERPARTS.get(generator, {name: gan.PRESETS[name] for name in COUNTERPARTS["stylegan2"]})
    if name not in found:
        raise UserError(f"--generator {generator} takes the place of the generator of {', '.join(found)}: "
                        f"leave it out with {name}")
    return found[name]


def _instead(name, rate=2.5e-3, **generator):
    """At the rate of StyleGAN2-ADA's automatic settings below 1024 pixels: each weight is used over the root of its
    fan-in, of 4608 for a kernel of 512 channels, which makes 4e-5 of it. Minutes of training take four times that."""
    preset = gan.PRESETS[name]
    recipe = replace(preset.recipe, generator_rate=rate)
    return replace(preset, generator=StyleGAN2Config(**generator), recipe=recipe)


COUNTERPARTS = {
    "stylegan2": {
        "faces-32": _instead("faces-32", 1e-2, latent=64, width=64, channels=(140, 128, 96, 64), mapping=2),
        "celeba-64": _instead("celeba-64", latent=128, width=256, channels=(352, 320, 320, 256, 128), mapping=2),
        "hit-256": _instead("hit-256", latent=512, width=512, channels=halved_channels(256), mapping=8),
    },
    "stylegan2-wide": {
        "faces-32": _instead("faces-32", 1e-2, latent=64, width=64, channels=(144, 128, 104, 64), mapping=2),
        "celeba-64": _instead("celeba-64", latent=128, width=256, channels=(400, 384, 384, 304, 160), mapping=2),
    },
}
PRESETS = {f"stylegan2-{preset.size}": preset for preset in COUNTERPARTS["stylegan2"].values()}
